/** The published entry of the SDK; a test pins its exports. */
export { fileSource, rpcSource } from "./anchor-sources.ts";
export type {
  AnchorPage,
  CheckedReading,
  DecisionPage,
  Explained,
  HistoryPage,
  HistoryReading,
  ListedDevice,
  ListedTwin,
  ListedVerdict,
  PostedReading,
  ReaderPage,
  TwinDescription,
} from "./answers.ts";
export { connect } from "./client.ts";
export type { Client, ConnectOptions, FindingQuery, HistoryAsk, Reading, Session } from "./client.ts";
export { cosignAnchors, exportAnchors, writeAnchors } from "./export-anchors.ts";
export type { CheckpointSigner } from "./export-anchors.ts";
export { signInMessage } from "./sign-in.ts";
export type { SignIn, SignInFacts } from "./sign-in.ts";
export { verifyReceipt } from "../../protocol/verify.ts";
