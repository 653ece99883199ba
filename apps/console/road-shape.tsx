/** Shapes (12 × 12) of how far a reading has come on the integrity road, and of one that is not what it claims. */
export function RoadShape({ standing }: { standing: "accepted" | "sealed" | "anchored" | "mismatch" }) {
  switch (standing) {
    case "accepted":
      return <circle cx="6" cy="6" r="4.5" className="solid" />;
    case "sealed":
      return (
        <>
          <circle cx="6" cy="6" r="4.25" className="line" />
          <path d="M6 1.75a4.25 4.25 0 0 0 0 8.5Z" className="solid" />
        </>
      );
    case "anchored":
      return <path d="M1.5 6.5 4.6 9.6 10.5 2.6" className="line" />;
    case "mismatch":
      return <path d="m2 2 8 8M10 2 2 10" className="line" />;
  }
}

/** The same as shape, colour and word. */
export function RoadMark({ standing }: { standing: "accepted" | "sealed" | "anchored" | "mismatch" }) {
  return (
    <span className={`mark-word road-${standing}`}>
      <svg viewBox="0 0 12 12" aria-hidden="true">
        <RoadShape standing={standing} />
      </svg>
      {standing}
    </span>
  );
}
