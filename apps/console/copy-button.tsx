import { useEffect, useState } from "react";

/** Copies the text; says so, or says that the browser would not. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [said, setSaid] = useState<"" | "copied" | "not allowed">("");

  useEffect(() => {
    if (said === "") return;
    const timer = setTimeout(() => setSaid(""), 2_000);
    return () => clearTimeout(timer);
  }, [said]);

  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("copied");
    } catch {
      // Outside loopback and HTTPS browsers have no clipboard for pages; the text is there to be selected.
      setSaid("not allowed");
    }
  };

  return (
    <button type="button" className="copy" onClick={() => void copy()}>
      <span aria-live="polite">{said === "" ? "Copy" : said}</span>
      <span className="unseen"> {what}</span>
    </button>
  );
}
