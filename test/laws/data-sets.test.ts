import { expect } from "chai";
import { ownSources } from "../../scripts/checks/imports.ts";

/**
 * Nothing that detects, simulates or serves may know a public data set or a column that only it has: what is measured on
 * them would be worth nothing. Words of the field (SpO2, pulse, level, pressure) are everybody's.
 */
const PECULIAR = [
  /batadal|c-?town|wustl|\behms\b|nsl-?kdd|kdd(?:train|test|cup)|ton_?iot|\bswat\b|\bwadi\b|ciciot/i,
  /\batt_flag\b|\b[lfsp]_(?:t|pu|v|j)\d+\b|\bdataset0\d\b/i,
  /\b(?:src|dst)_?(?:mac|addr|bytes|load|gap|jitter)\b|\bpacket_num\b|\b[sd]intpkt|\b[sd](?:max|min)pktsz\b|attack category/i,
  /\bpulse_rate\b|\bresp_rate\b|\bnum_(?:failed_logins|compromised|root|shells|outbound_cmds)\b|\bdst_host_\w+|\bsrv_\w+_rate\b/i,
];
const ROOMS = /^(?:ml|lab|server|apps)\//;

const peculiarWords = (text: string): string[] => PECULIAR.flatMap((pattern) => pattern.exec(text)?.[0] ?? []);

describe("public data sets", () => {
  it("are named by no file that detects, simulates or serves, nor are their columns", () => {
    const sources = ownSources().filter(({ file }) => ROOMS.test(file));
    expect(sources.length).to.be.greaterThan(100);
    const naming = sources.flatMap(({ file, source }) => peculiarWords(source).map((word) => `${file}: ${word}`));
    expect(naming).to.deep.equal([]);
  });

  it("are recognised, and words of the field are not taken for them", () => {
    const columns = ["ATT_FLAG", "L_T1", "S_PU10", "P_J280", "SrcMac", "Packet_num", "sMaxPktSz", "dst_host_count"];
    for (const word of ["BATADAL", "WUSTL-EHMS-2020", "KDDTrain+", "TON_IoT", "dataset03.csv", ...columns])
      expect(peculiarWords(`if (name === "${word}")`), word).to.have.length(1);
    for (const word of ["SpO2", "heart rate", "pulse", "pressure", "label", "normal", "attack", "tank level", "flow"])
      expect(peculiarWords(word), word).to.deep.equal([]);
  });
});
