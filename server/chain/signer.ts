/** Who signs: ethers' Wallet is one. The key stays with whoever made it. */
export interface TransactionSigner {
  readonly address: string;
  signTransaction(transaction: {
    chainId: number;
    nonce: number;
    to: string;
    data: string;
    gasLimit: bigint;
    gasPrice: bigint;
    type: 0;
  }): Promise<string>;
}
