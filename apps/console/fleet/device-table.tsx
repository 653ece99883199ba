import { DeviceRow } from "./device-row.tsx";
import type { Column, Order } from "./order-devices.ts";
import type { FleetDevice } from "./read-devices.ts";

const COLUMNS: readonly { column: Column; name: string; numeric?: true }[] = [
  { column: "device", name: "Device" },
  { column: "model", name: "Model" },
  { column: "state", name: "State" },
  { column: "sequence", name: "Last sequence", numeric: true },
  { column: "age", name: "Age of data", numeric: true },
  { column: "anchoring", name: "Last reading" },
  { column: "twins", name: "Twins", numeric: true },
];

/**
 * The fleet as a table. `asOf` is set when the answer is no longer current: then ages stand still and say so.
 * Roles are written out because a phone's layout takes the table's display away, and with it what they mean.
 */
export function DeviceTable(props: {
  devices: readonly FleetDevice[];
  serverNow: number;
  asOf: string | undefined;
  order: Order;
  onOrder: (order: Order) => void;
}) {
  const { devices, serverNow, asOf, order, onOrder } = props;
  const columns = COLUMNS.filter(({ column }) => column !== "twins" || devices.some((device) => device.twins !== null));

  const choose = (column: Column): void =>
    onOrder({ column, descending: order.column === column && !order.descending });

  return (
    <table role="table" className={asOf === undefined ? "fleet" : "fleet stale"}>
      <caption className="unseen">
        Devices, their state, the age of their data and whether it is anchored{asOf !== undefined && `, as of ${asOf}`}
      </caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ column, name, numeric }) => (
            <th
              key={column}
              role="columnheader"
              scope="col"
              className={numeric && "number"}
              aria-sort={order.column !== column ? undefined : order.descending ? "descending" : "ascending"}
            >
              <button type="button" onClick={() => choose(column)}>
                {column === "age" && asOf !== undefined ? `Age at ${asOf}` : name}
                <span className="arrow" aria-hidden="true">
                  {order.column !== column ? "" : order.descending ? "↓" : "↑"}
                </span>
              </button>
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {devices.map((device) => (
          <DeviceRow key={device.id} device={device} serverNow={serverNow} asOf={asOf} columns={columns.length} />
        ))}
      </tbody>
    </table>
  );
}
