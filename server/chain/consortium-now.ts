import type { Consortium, ConsortiumMember, GatewayGroup } from "../../protocol/consortium.ts";
import type { ChainView, GatewayFact } from "./view.ts";

/**
 * A consortium@1 as the chain tells it now: its members and their keys are those that `MemberRegistry` has by this view, whatever
 * they were when the file was written. Chain, contracts and the node stay as they are: by them the view was found.
 */
export function consortiumNow(consortium: Consortium, view: ChainView): Consortium {
  const { rpc, ...founded } = consortium;
  const members = view.members().map(({ number, name, endpoint, signer, until }): ConsortiumMember => ({
    name,
    endpoint,
    signer,
    gateways: view
      .groups()
      .filter(({ member }) => member === number)
      .flatMap(groupOf),
    oracles: view.oracles.filter((_, bit) => view.memberOfOracle(bit) === number),
    ...(until === null ? {} : { until }),
  }));
  return { ...founded, members, ...(rpc === undefined ? {} : { rpc }) };
}

function groupOf({ group, keys }: GatewayFact): GatewayGroup[] {
  const last = keys.at(-1);
  if (last === undefined) return [];
  const former = keys.slice(0, -1).flatMap(({ until, ...key }) => (until === null ? [] : [{ ...key, until }]));
  const { x, y, since, until } = last;
  return [
    {
      group,
      x,
      y,
      // The first key is asked for everything before it too, so its beginning says nothing.
      ...(former.length === 0 ? {} : { since, former }),
      ...(until === null ? {} : { until }),
    },
  ];
}
