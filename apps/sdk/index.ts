/** The published entry of the SDK; a test pins its exports. */
export { fileSource, rpcSource } from "./anchor-sources.ts";
export type {
  AcknowledgedRequest,
  AnchorPage,
  Catalogue,
  CheckedReading,
  DecisionPage,
  Explained,
  HistoryPage,
  HistoryReading,
  HistoryRelease,
  ListedDevice,
  ListedRequest,
  ListedTwin,
  ListedVerdict,
  PostedReading,
  ListedOpening,
  OpeningCase,
  OpeningPage,
  OpeningState,
  ReaderPage,
  RecordKind,
  RecordPage,
  RelayedAct,
  RequestPage,
  TwinDescription,
  TwinPicture,
  TwinState,
} from "./answers.ts";
export type { Wish } from "./asking.ts";
export { connect } from "./client.ts";
export type {
  Client,
  ConnectOptions,
  FindingQuery,
  HistoryAsk,
  PictureAsk,
  Reading,
  RequestQuery,
  Session,
  StreamAsk,
} from "./client.ts";
export { cosignAnchors, exportAnchors, writeAnchors } from "./export-anchors.ts";
export type { CheckpointSigner } from "./export-anchors.ts";
export { signAct } from "./signing-acts.ts";
export { signInMessage } from "./sign-in.ts";
export type { SignIn, SignInFacts } from "./sign-in.ts";
export type { StreamEvent, StreamLease } from "./stream.ts";
export { verifyReceipt } from "../../protocol/verify.ts";
export { verifyExport } from "../../protocol/verify-export.ts";
export { verifyWebhook, WEBHOOK_SIGNATURE } from "../../protocol/webhook.ts";
