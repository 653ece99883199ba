// What somebody tries next, right and wrong: drawn from few people, few nonces and few values, so that they often meet.
import { TypedDataEncoder } from "ethers";
import type { Random } from "../../../ml/random.ts";
import { ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import { grantId } from "../../../protocol/ids.ts";
import { domainOf, typesOf, type Typed } from "../typed-data.ts";
import type { AccessModel, Given, GrantTerms, Source } from "./access-model.ts";
import { glassActs } from "./draw-glass.ts";
import { officeActs } from "./draw-office.ts";
import { NOBODY, type Word } from "./refused.ts";
import { CHAIN_ID, PLAYERS, READERS, type Act, type PlayerName, type Stage } from "./stage.ts";

/** An act for the chain, and the same for the model, which throws what refuses it. */
export interface Drawn {
  readonly act: Act;
  readonly model: () => void;
}

const MANIFESTS = [`0x${"aa".repeat(32)}`, `0x${"bb".repeat(32)}`] as readonly Hex[];

type Signed = { readonly signature: string; readonly word: (deadline: number) => Word };

/** What draws of other files draw with. */
export interface Tools {
  readonly often: (share: number) => boolean;
  readonly one: <T>(of: readonly T[]) => T;
  readonly player: () => PlayerName;
  readonly address: (name: PlayerName) => Hex;
  readonly nameOf: (address: Hex) => PlayerName;
  readonly contract: (name: Act["target"]) => Hex;
  readonly steward: (device: Hex) => PlayerName;
  readonly twin: () => Hex;
  readonly assignment: () => Hex;
  readonly deadline: () => number;
  readonly sign: (contract: Act["target"], type: Typed, said: object, signer: Hex) => Signed;
  readonly drawn: (
    by: PlayerName,
    target: Act["target"],
    method: string,
    args: readonly unknown[],
    model: (by: Hex) => void,
  ) => Drawn;
}

export class Draw {
  readonly #random: Random;
  readonly #model: AccessModel;
  readonly #stage: Stage;

  constructor(random: Random, model: AccessModel, stage: Stage) {
    this.#random = random;
    this.#model = model;
    this.#stage = stage;
  }

  /** The next act: mostly about what there is. */
  act(): Drawn {
    const acts: readonly (readonly [weight: number, draw: () => Drawn])[] = [
      [14, () => this.#grant()],
      [7, () => this.#relayGrant()],
      [4, () => this.#relayGrants()],
      [10, () => this.#delegate()],
      [5, () => this.#relayDelegation()],
      [7, () => this.#revoke()],
      [3, () => this.#relayRevocation()],
      [5, () => this.#setContinuity()],
      [2, () => this.#cancelNonce()],
      [6, () => this.#setConsent()],
      [5, () => this.#relayConsent()],
      [4, () => this.#setConsentMask()],
      [3, () => this.#raiseEpoch()],
      [5, () => this.#createTwin()],
      [1, () => this.#createSecurityTwin()],
      [3, () => this.#endAssignment()],
      [4, () => this.#beginAssignment()],
      [4, () => this.#bindSubject()],
      [2, () => this.#appointGuardian()],
      [2, () => this.#appointGuardianFor()],
      [2, () => this.#offerSteward()],
      [2, () => this.#acceptSteward()],
      [4, () => this.#applyVerdict()],
      [0.3, () => this.#retire()],
      ...officeActs(this.#model, this.#tools),
      ...glassActs(this.#model, this.#tools),
    ];
    let left = this.#random.uniform() * acts.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, draw] of acts) if ((left -= weight) < 0) return draw();
    return this.#grant();
  }

  readonly #tools: Tools = {
    often: (share) => this.#often(share),
    one: (of) => this.#one(of),
    player: () => this.#player(),
    address: (name) => this.#address(name),
    nameOf: (address) => this.#nameOf(address),
    contract: (name) => this.#stage.contracts[name],
    steward: (device) => this.#steward(device),
    twin: () => this.#twin(),
    assignment: () => this.#assignment(),
    deadline: () => this.#deadline(),
    sign: (contract, type, said, signer) => this.#sign(contract, type, said, signer),
    drawn: (...given) => this.#drawn(...given),
  };

  // Choices

  #often(share: number): boolean {
    return this.#random.uniform() < share;
  }

  #one<T>(of: readonly T[]): T {
    return of[this.#random.integer(of.length)] as T;
  }

  #player(): PlayerName {
    return this.#one(PLAYERS);
  }

  #address(name: PlayerName): Hex {
    return this.#stage.players[name];
  }

  #nameOf(address: Hex): PlayerName {
    return PLAYERS.find((name) => this.#address(name) === address) ?? "cat";
  }

  /** Mostly the steward of the day, and sometimes anybody. */
  #steward(device: Hex): PlayerName {
    return this.#often(0.9) ? this.#nameOf(this.#model.devices.get(device)?.steward ?? NOBODY) : this.#player();
  }

  #device(): Hex {
    return this.#often(0.97) ? this.#one(this.#stage.devices) : ZERO_32;
  }

  /** Mostly one that is open. */
  #twin(device?: Hex): Hex {
    const all = [...this.#model.twins].filter(([, twin]) => device === undefined || twin.device === device);
    const open = all.filter(([, { assignment }]) => assignment && this.#model.assignments.get(assignment)?.end === 0n);
    const among = open.length > 0 && this.#often(0.85) ? open : all;
    return among.length === 0 || this.#often(0.02) ? ZERO_32 : this.#one(among)[0];
  }

  #deviceOf(twin: Hex): Hex {
    return this.#often(0.97) ? (this.#model.twins.get(twin)?.device ?? ZERO_32) : this.#device();
  }

  #assignment(): Hex {
    const all = [...this.#model.assignments.keys()];
    const open = all.filter((id) => this.#model.assignments.get(id)?.end === 0n);
    const among = open.length > 0 && this.#often(0.85) ? open : all;
    return among.length === 0 ? ZERO_32 : this.#one(among);
  }

  #given(): Given | undefined {
    const all = [...this.#model.grants.values()];
    return all.length === 0 ? undefined : this.#one(all.slice(-8));
  }

  #purposes(): number {
    return this.#often(0.95) ? 1 + this.#random.integer(0x1f) : this.#one([0, 0x20, 0xff]);
  }

  #segments(): bigint {
    return this.#often(0.95) ? BigInt(1 + this.#random.integer(0x0f)) : this.#one([0n, 0x1fn]);
  }

  #time(): number {
    return this.#model.now + 100 * (this.#random.integer(12) - 4);
  }

  #nonce(): bigint {
    return BigInt(this.#random.integer(this.#often(0.5) ? 6 : 300));
  }

  #terms(twin = this.#twin()): GrantTerms {
    const from = this.#time();
    const until = this.#often(0.95) ? this.#model.now + 100 * (1 + this.#random.integer(10)) : this.#time();
    const reader = this.#often(0.98) ? this.#address(this.#one(READERS)) : NOBODY;
    const depth = this.#often(0.97) ? this.#random.integer(4) : 4;
    const wide = this.#often(0.4);
    const segments = wide ? (this.#model.twins.get(twin)?.segments ?? 1n) : this.#segments();
    const purposes = wide ? 0x1f : this.#purposes();
    return {
      twin,
      reader,
      from: Math.min(from, this.#often(0.8) ? this.#model.now : from),
      until,
      segments,
      purposes,
      depth,
    };
  }

  /** A part of a grant, or a little more than that. */
  #part(of: Given): GrantTerms {
    const keep = (): boolean => this.#often(0.93);
    return {
      twin: this.#often(0.97) ? of.twin : this.#twin(),
      reader: this.#address(this.#one(READERS)),
      from: keep() ? of.from : this.#time(),
      until: keep() ? of.until : this.#time(),
      segments: keep() ? of.segments & (this.#often(0.5) ? -1n : this.#segments()) || of.segments : this.#segments(),
      purposes: keep() ? of.purposes & (this.#often(0.5) ? 0xff : this.#purposes()) || of.purposes : this.#purposes(),
      depth: keep() ? Math.max(0, of.depth - 1) : this.#random.integer(4),
    };
  }

  #source(of: Given): Source {
    if (this.#often(0.96)) return of.source;
    return { ...of.source, nonce: of.source.nonce + 1n };
  }

  // Signatures

  /** Over the words, or over others. */
  #sign(contract: Act["target"], type: Typed, said: object, signer: Hex): Signed {
    const domain = domainOf(contract, CHAIN_ID, this.#stage.contracts[contract]);
    const digest = TypedDataEncoder.hash(domain, typesOf(type), said);
    const good = this.#often(0.92);
    const signature = good ? digest : this.#often(0.5) ? ZERO_32 : "0x";
    return { signature, word: (deadline: number): Word => ({ signer, good, deadline }) };
  }

  #deadline(): number {
    return this.#often(0.95) ? this.#model.now + this.#one([0, 1, 500]) : this.#model.now - 1;
  }

  /** In the twin's present epoch, or in the one before. */
  #said({ twin, ...terms }: GrantTerms, parent: Hex, nonce: bigint, deadline: number): { readonly epoch: number } {
    const present = this.#model.twins.get(twin)?.epoch ?? 0;
    const epoch = present > 0 && this.#often(0.2) ? present - 1 : present;
    return { twin, ...terms, parent, epoch, nonce, deadline } as { readonly epoch: number };
  }

  // Grants

  #grant(): Drawn {
    const terms = this.#terms();
    const device = this.#deviceOf(terms.twin);
    const [by, nonce] = [this.#steward(device), this.#nonce()];
    return this.#drawn(by, "GrantRegistry", "grant", [device, terms, nonce], (who) =>
      this.#model.grant(who, device, terms, nonce),
    );
  }

  #relayGrant(): Drawn {
    const terms = this.#terms();
    const device = this.#deviceOf(terms.twin);
    const [signer, nonce, deadline] = [this.#address(this.#steward(device)), this.#nonce(), this.#deadline()];
    const said = this.#said(terms, ZERO_32, nonce, deadline);
    const { signature, word } = this.#sign("GrantRegistry", "Grant", said, signer);
    // A player has signed what it is shown: only the steward's own counts, whoever is said to have signed.
    const steward = this.#model.devices.get(device)?.steward ?? NOBODY;
    const heard = { ...word(deadline), signer: steward, epochs: [said.epoch] };
    const args = [device, terms, nonce, deadline, signature];
    return this.#drawn(this.#player(), "GrantRegistry", "relayGrant", args, () =>
      this.#model.relayGrant(device, terms, nonce, heard),
    );
  }

  #relayGrants(): Drawn {
    const twin = this.#twin();
    const device = this.#deviceOf(twin);
    const given = Array.from({ length: this.#often(0.95) ? 1 + this.#random.integer(3) : 0 }, () =>
      this.#terms(this.#often(0.8) ? twin : this.#twin(device)),
    );
    const nonces = given.map(() => this.#nonce());
    if (this.#often(0.03)) nonces.push(1n);
    const deadline = this.#deadline();
    const grants = given.map((terms, i) => this.#said(terms, ZERO_32, nonces[i] ?? 0n, deadline));
    const steward = this.#model.devices.get(device)?.steward ?? NOBODY;
    const { signature, word } = this.#sign("GrantRegistry", "GrantBatch", { grants }, steward);
    const args = [device, given, nonces, deadline, signature];
    return this.#drawn(this.#player(), "GrantRegistry", "relayGrants", args, () =>
      this.#model.relayGrants(device, given, nonces, { ...word(deadline), epochs: grants.map(({ epoch }) => epoch) }),
    );
  }

  #delegate(): Drawn {
    const above = this.#given();
    if (!above) return this.#grant();
    const [terms, source, nonce] = [this.#part(above), this.#source(above), this.#nonce()];
    const device = this.#deviceOf(terms.twin);
    const by = this.#often(0.93) ? this.#nameOf(above.reader) : this.#player();
    return this.#drawn(by, "GrantRegistry", "delegate", [device, terms, nonce, source], (who) =>
      this.#model.delegate(who, device, terms, nonce, source),
    );
  }

  #relayDelegation(): Drawn {
    const above = this.#given();
    if (!above) return this.#relayGrant();
    const [terms, source, nonce, deadline] = [this.#part(above), this.#source(above), this.#nonce(), this.#deadline()];
    const device = this.#deviceOf(terms.twin);
    const grantor = this.#often(0.93) ? above.reader : this.#address(this.#player());
    const parent = grantId({ twin: terms.twin, reader: grantor, ...source });
    const said = this.#said(terms, parent, nonce, deadline);
    const { signature, word } = this.#sign("GrantRegistry", "Grant", said, grantor);
    const heard = { ...word(deadline), epochs: [said.epoch] };
    const args = [device, terms, nonce, grantor, source, deadline, signature];
    return this.#drawn(this.#player(), "GrantRegistry", "relayDelegation", args, () =>
      this.#model.relayDelegation(device, terms, nonce, grantor, source, heard),
    );
  }

  /** Who may, mostly: who gave it or the steward of the day. */
  #revoker(given: Given): PlayerName {
    if (this.#often(0.15)) return this.#player();
    const device = this.#model.twins.get(given.twin)?.device ?? ZERO_32;
    return this.#often(0.5) ? this.#nameOf(given.source.grantor) : this.#steward(device);
  }

  #revoke(): Drawn {
    const given = this.#given();
    if (!given) return this.#grant();
    const [source, { twin, reader }] = [this.#source(given), given];
    return this.#drawn(this.#revoker(given), "GrantRegistry", "revoke", [twin, reader, source], (who) =>
      this.#model.revoke(who, twin, reader, source),
    );
  }

  #relayRevocation(): Drawn {
    const given = this.#given();
    if (!given) return this.#grant();
    const [source, { twin, reader }, deadline] = [this.#source(given), given, this.#deadline()];
    const signer = this.#address(this.#revoker(given));
    const grant = grantId({ twin, reader, ...source });
    const { signature, word } = this.#sign("GrantRegistry", "Revocation", { grant, deadline }, signer);
    const args = [twin, reader, signer, source, deadline, signature];
    return this.#drawn(this.#player(), "GrantRegistry", "relayRevocation", args, () =>
      this.#model.relayRevocation(twin, reader, source, word(deadline)),
    );
  }

  #setContinuity(): Drawn {
    const given = this.#given();
    if (!given) return this.#grant();
    const [source, { twin, reader }, on] = [this.#source(given), given, this.#often(0.7)];
    const by = this.#steward(this.#model.twins.get(twin)?.device ?? ZERO_32);
    return this.#drawn(by, "GrantRegistry", "setContinuity", [twin, reader, on, source], (who) =>
      this.#model.setContinuity(who, twin, reader, on, source),
    );
  }

  #cancelNonce(): Drawn {
    const [by, nonce] = [this.#one(["steward", ...READERS] as const), this.#nonce()];
    return this.#drawn(by, "GrantRegistry", "cancelNonce", [nonce], (who) => this.#model.cancelNonce(who, nonce));
  }

  // Consent

  #speaker(): PlayerName {
    return this.#often(0.85) ? this.#one(["subject", "guardian"] as const) : this.#player();
  }

  #agreed(): number {
    return this.#random.integer(this.#often(0.9) ? 0x20 : 0x100);
  }

  #setConsent(): Drawn {
    const [twin, reader, purposes] = [this.#twin(), this.#address(this.#one(READERS)), this.#agreed()];
    return this.#drawn(this.#speaker(), "GrantRegistry", "setConsent", [twin, reader, purposes], (who) =>
      this.#model.setConsent(who, twin, reader, purposes),
    );
  }

  #relayConsent(): Drawn {
    const [twin, reader, purposes] = [this.#twin(), this.#address(this.#one(READERS)), this.#agreed()];
    const [signer, deadline] = [this.#address(this.#speaker()), this.#deadline()];
    const nonce = this.#model.changesOf(twin, reader);
    const said = { twin, reader, purposes, nonce, deadline };
    const { signature, word } = this.#sign("GrantRegistry", "Consent", said, signer);
    const args = [twin, reader, purposes, signer, deadline, signature];
    return this.#drawn(this.#player(), "GrantRegistry", "relayConsent", args, () =>
      this.#model.relayConsent(twin, reader, purposes, word(deadline)),
    );
  }

  #setConsentMask(): Drawn {
    const [twin, purposes] = [
      this.#twin(),
      this.#often(0.8) ? 4 | this.#random.integer(0x10) : this.#random.integer(0x40),
    ];
    const device = this.#model.twins.get(twin)?.device ?? ZERO_32;
    const by = this.#often(0.5) ? this.#speaker() : this.#steward(device);
    return this.#drawn(by, "TwinRegistry", "setConsentMask", [twin, purposes], (who) =>
      this.#model.setConsentMask(who, twin, purposes),
    );
  }

  #bindSubject(): Drawn {
    const assignment = this.#assignment();
    const by = this.#steward(this.#model.assignments.get(assignment)?.device ?? ZERO_32);
    const subject = this.#often(0.97) ? this.#address(this.#often(0.9) ? "subject" : this.#player()) : NOBODY;
    const guardian = this.#often(0.5) ? this.#address("guardian") : NOBODY;
    const deadline = this.#deadline();
    const said = { assignment, subject, guardian, deadline };
    const { signature, word } = this.#sign("TwinRegistry", "Subject", said, subject);
    const args = [assignment, subject, guardian, deadline, signature];
    return this.#drawn(by, "TwinRegistry", "bindSubject", args, (who) =>
      this.#model.bindSubject(who, assignment, subject, guardian, word(deadline)),
    );
  }

  #appointGuardian(): Drawn {
    const [assignment, guardian] = [this.#assignment(), this.#often(0.8) ? this.#address("guardian") : NOBODY];
    const by = this.#often(0.8) ? "subject" : this.#player();
    return this.#drawn(by, "TwinRegistry", "appointGuardian", [assignment, guardian], (who) =>
      this.#model.appointGuardian(who, assignment, guardian),
    );
  }

  #appointGuardianFor(): Drawn {
    const [assignment, guardian, deadline] = [this.#assignment(), this.#address("guardian"), this.#deadline()];
    const by = this.#steward(this.#model.assignments.get(assignment)?.device ?? ZERO_32);
    const member = this.#often(0.95) ? 0 : 1;
    const said = { assignment, guardian, deadline };
    const { signature, word } = this.#sign("TwinRegistry", "Guardian", said, this.#address("member"));
    const args = [assignment, guardian, member, deadline, signature];
    return this.#drawn(by, "TwinRegistry", "appointGuardianFor", args, (who) =>
      this.#model.appointGuardianFor(who, assignment, guardian, member, word(deadline)),
    );
  }

  // Twins, assignments, devices

  #raiseEpoch(): Drawn {
    const twin = this.#twin();
    const by = this.#steward(this.#model.twins.get(twin)?.device ?? ZERO_32);
    return this.#drawn(by, "TwinRegistry", "raiseEpoch", [twin], (who) => this.#model.raiseEpoch(who, twin));
  }

  #createTwin(): Drawn {
    const assignment = this.#assignment();
    const by = this.#steward(this.#model.assignments.get(assignment)?.device ?? ZERO_32);
    const manifest = this.#often(0.97) ? this.#one(MANIFESTS) : ZERO_32;
    const [segments, commands] = [this.#segments(), BigInt(this.#random.integer(0x10))];
    return this.#drawn(by, "TwinRegistry", "createTwin", [assignment, manifest, segments, commands], (who) =>
      this.#model.createTwin(who, assignment, manifest, segments, commands),
    );
  }

  #createSecurityTwin(): Drawn {
    const [device, manifest, segments] = [this.#device(), this.#one(MANIFESTS), this.#segments()];
    return this.#drawn(
      this.#steward(device),
      "TwinRegistry",
      "createSecurityTwin",
      [device, manifest, segments],
      (who) => this.#model.createSecurityTwin(who, device, manifest, segments),
    );
  }

  #sequence(): bigint {
    return this.#often(0.97) ? BigInt(this.#random.integer(40)) : 2n ** 53n;
  }

  #beginAssignment(): Drawn {
    const device = this.#device();
    const end = this.#model.earliest(device);
    const from = this.#often(0.8) ? end : this.#sequence();
    return this.#drawn(this.#steward(device), "TwinRegistry", "beginAssignment", [device, from], (who) =>
      this.#model.beginAssignment(who, device, from),
    );
  }

  #endAssignment(): Drawn {
    const assignment = this.#assignment();
    const entry = this.#model.assignments.get(assignment);
    const end = this.#often(0.8) ? (entry?.from ?? 1n) + 1n : this.#sequence();
    return this.#drawn(
      this.#steward(entry?.device ?? ZERO_32),
      "TwinRegistry",
      "endAssignment",
      [assignment, end],
      (who) => this.#model.endAssignment(who, assignment, end),
    );
  }

  #offerSteward(): Drawn {
    const [device, to] = [
      this.#device(),
      this.#address(this.#often(0.9) ? this.#one(["heir", "steward"] as const) : "cat"),
    ];
    return this.#drawn(this.#steward(device), "DeviceRegistry", "offerSteward", [device, to], (who) =>
      this.#model.offerSteward(who, device, to),
    );
  }

  #acceptSteward(): Drawn {
    const device = this.#device();
    const by = this.#often(0.8) ? this.#nameOf(this.#model.devices.get(device)?.offered ?? NOBODY) : this.#player();
    return this.#drawn(by, "DeviceRegistry", "acceptSteward", [device], (who) =>
      this.#model.acceptSteward(who, device),
    );
  }

  #applyVerdict(): Drawn {
    const [device, kind] = [this.#device(), 1 + this.#random.integer(3)];
    const by = this.#often(0.92) ? "judge" : this.#player();
    return this.#drawn(by, "DeviceRegistry", "applyVerdict", [device, kind, MANIFESTS[0]], (who) =>
      this.#model.applyVerdict(who, device, kind),
    );
  }

  #retire(): Drawn {
    const device = this.#device();
    return this.#drawn(this.#steward(device), "DeviceRegistry", "retire", [device], (who) =>
      this.#model.retire(who, device),
    );
  }

  #drawn(
    by: PlayerName,
    target: Act["target"],
    method: string,
    args: readonly unknown[],
    model: (by: Hex) => void,
  ): Drawn {
    const who = this.#address(by);
    return { act: { by, target, method, args }, model: () => model(who) };
  }
}
