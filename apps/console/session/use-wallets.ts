import { useEffect, useState } from "react";
import { watchWallets, type NamedWallet } from "./wallet.ts";

/** The wallets of this browser; they may announce themselves late. */
export function useWallets(): readonly NamedWallet[] {
  const [wallets, setWallets] = useState<readonly NamedWallet[]>([]);
  useEffect(() => watchWallets(setWallets), []);
  return wallets;
}
