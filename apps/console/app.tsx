import { lazy, Suspense, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { FleetPage } from "./fleet/fleet-page.tsx";
import type { ReaderSession } from "./session/start-session.ts";

// The verifier brings elliptic curves and an Ethereum client with it, a twin's chart what draws it: only those who use
// them wait for them.
const VerifyPage = lazy(async () => ({ default: (await import("./verify/verify-page.tsx")).VerifyPage }));

const TwinPage = lazy(async () => ({ default: (await import("./twin/twin-page.tsx")).TwinPage }));

const SideBySidePage = lazy(async () => ({
  default: (await import("./twin/side-by-side-page.tsx")).SideBySidePage,
}));

const RequestsPage = lazy(async () => ({ default: (await import("./access/requests-page.tsx")).RequestsPage }));
const ReadersPage = lazy(async () => ({ default: (await import("./access/readers-page.tsx")).ReadersPage }));
const MyDataPage = lazy(async () => ({ default: (await import("./access/my-data-page.tsx")).MyDataPage }));

const BreakGlassPage = lazy(async () => ({ default: (await import("./access/break-glass-page.tsx")).BreakGlassPage }));

const PAGES = [
  { hash: "#/fleet", name: "Fleet" },
  { hash: "#/twin", name: "Twin" },
  { hash: "#/side-by-side", name: "Side by side" },
  { hash: "#/requests", name: "Requests" },
  { hash: "#/readers", name: "Who can see this" },
  { hash: "#/my-data", name: "My data" },
  { hash: "#/break-glass", name: "Break-glass" },
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
  // Who is signed in, for as long as this page is open.
  const [session, setSession] = useState<ReaderSession>();

  useEffect(() => {
    document.title = `${PAGES.find((entry) => entry.hash === page)?.name ?? "Fleet"} · Twinward`;
    // Whoever navigates by keyboard or screen reader lands in the new page, not on the link they left.
    if (!first.current) main.current?.focus();
    first.current = false;
  }, [page]);

  const signing = { session, onSession: setSession };
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
        <Suspense fallback={<p className="waiting">Loading the page …</p>}>
          {page === "#/fleet" && <FleetPage {...signing} />}
          {page === "#/twin" && <TwinPage {...signing} />}
          {page === "#/side-by-side" && <SideBySidePage {...signing} />}
          {page === "#/requests" && <RequestsPage {...signing} />}
          {page === "#/readers" && <ReadersPage {...signing} />}
          {page === "#/my-data" && <MyDataPage {...signing} />}
          {page === "#/break-glass" && <BreakGlassPage {...signing} />}
          {page === "#/verify" && <VerifyPage />}
        </Suspense>
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
