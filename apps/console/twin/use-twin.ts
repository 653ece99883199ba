import { useEffect, useRef, useState } from "react";
import { followTwin, type FollowedTwin, type Following, type TwinAsk } from "./follow-twin.ts";

/** Follows a twin while the page is looked at and not held. */
export function useTwin({ client, twin, purpose, reach }: TwinAsk, held: boolean): FollowedTwin {
  const [known, setKnown] = useState<FollowedTwin>({ readings: [], loading: true });
  const following = useRef<Following>(undefined);

  useEffect(() => {
    const started = followTwin({ client, twin, purpose, reach }, setKnown);
    following.current = started;
    return () => started.stop();
  }, [client, twin, purpose, reach]);

  useEffect(() => {
    // Each look is a recorded decision: nobody looks from a hidden tab.
    const turn = (): void => {
      if (held || document.hidden) following.current?.pause();
      else following.current?.resume();
    };
    turn();
    document.addEventListener("visibilitychange", turn);
    return () => document.removeEventListener("visibilitychange", turn);
  }, [held, client, twin, purpose, reach]);

  return known;
}
