import { lazy, Suspense, useEffect, useRef, useSyncExternalStore } from "react";
import { FleetPage } from "./fleet/fleet-page.tsx";

// The verifier brings elliptic curves and an Ethereum client with it: only those who verify wait for them.
const VerifyPage = lazy(async () => ({ default: (await import("./verify/verify-page.tsx")).VerifyPage }));

const PAGES = [
  { hash: "#/fleet", name: "Fleet" },
  { hash: "#/verify", name: "Verify a receipt" },
] as const;

type PageHash = (typeof PAGES)[number]["hash"];

function followHash(changed: () => void): () => void {
  addEventListener("hashchange", changed);
  return () => removeEventListener("hashchange", changed);
}

function currentPage(): PageHash {
  return PAGES.find((page) => page.hash === location.hash)?.hash ?? "#/fleet";
}

/** The frame around the pages: name, navigation, and the page that the address's hash names. */
export function App() {
  const page = useSyncExternalStore(followHash, currentPage);
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);

  useEffect(() => {
    document.title = `${PAGES.find((entry) => entry.hash === page)?.name ?? "Fleet"} · Twinward`;
    // Whoever navigates by keyboard or screen reader lands in the new page, not on the link they left.
    if (!first.current) main.current?.focus();
    first.current = false;
  }, [page]);

  const skip = () => main.current?.focus();

  return (
    <>
      <button type="button" className="skip" onClick={skip}>
        Skip to the page
      </button>
      <header className="masthead">
        <span className="wordmark">
          <Mark />
          Twinward
        </span>
        <nav aria-label="Pages">
          {PAGES.map((entry) => (
            <a key={entry.hash} href={entry.hash} aria-current={entry.hash === page ? "page" : undefined}>
              {entry.name}
            </a>
          ))}
        </nav>
      </header>
      <main ref={main} tabIndex={-1}>
        {page === "#/fleet" ? (
          <FleetPage />
        ) : (
          <Suspense fallback={<p className="waiting">Loading the verifier …</p>}>
            <VerifyPage />
          </Suspense>
        )}
      </main>
      <footer>
        <p>No bedside alarm may depend on Twinward.</p>
      </footer>
    </>
  );
}

/** Two circles that overlap: the device and its twin. */
function Mark() {
  return (
    <svg className="mark" viewBox="0 0 24 24" aria-hidden="true">
      <circle cx="8.75" cy="12" r="6.5" />
      <circle cx="15.25" cy="12" r="6.5" />
    </svg>
  );
}
