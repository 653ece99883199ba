import { useId, useState, type ChangeEvent, type DragEvent } from "react";
import { readDocument, toSize, type Document } from "./documents.ts";

/** A place for one document: drop it, choose it, or paste it. */
export function DocumentInput(props: {
  name: string;
  value: Document | undefined;
  /** files that came in one go; the page finds each its place, this place being the default */
  onDocuments: (documents: Document[]) => void;
  onClear: () => void;
  /** show the paste field from the start */
  pasteOpen?: boolean;
}) {
  const { name, value, onDocuments, onClear, pasteOpen = false } = props;
  const [over, setOver] = useState(false);
  const [pasting, setPasting] = useState(pasteOpen);
  const [trouble, setTrouble] = useState("");
  const choose = useId();
  const paste = useId();

  const take = async (files: Iterable<File>): Promise<void> => {
    try {
      setTrouble("");
      onDocuments(await Promise.all(Array.from(files, readDocument)));
    } catch (error) {
      setTrouble(error instanceof Error ? error.message : String(error));
    }
  };

  const dropped = (event: DragEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    setOver(false);
    const text = event.dataTransfer.getData("text/plain");
    if (event.dataTransfer.files.length > 0) void take(event.dataTransfer.files);
    else if (text !== "") onDocuments([{ name: "dropped text", text }]);
  };

  const chosen = (event: ChangeEvent<HTMLInputElement>): void => {
    if (event.target.files !== null) void take(event.target.files);
    event.target.value = ""; // the same file may be chosen again after it changed
  };

  const pasted = (event: ChangeEvent<HTMLTextAreaElement>): void => {
    if (event.target.value === "") onClear();
    else onDocuments([{ name: "pasted text", text: event.target.value }]);
  };

  const fromFile = value !== undefined && value.name !== "pasted text";

  return (
    <div
      className={over ? "document over" : "document"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={dropped}
    >
      {fromFile ? (
        <div className="held">
          <FileMark />
          <span className="file-name">{value.name}</span>
          <span className="file-size">{toSize(new Blob([value.text]).size)}</span>
          <button type="button" className="plain" onClick={onClear}>
            Remove<span className="unseen"> {name}</span>
          </button>
        </div>
      ) : (
        <>
          <div className="offers">
            <span className="drop-words">Drop {name} here, or</span>
            <input
              type="file"
              id={choose}
              className="unseen"
              multiple
              accept=".json,application/json"
              onChange={chosen}
            />
            <label htmlFor={choose} className="button">
              choose a file<span className="unseen">: {name}</span>
            </label>
            {!pasting && (
              <button type="button" className="button" onClick={() => setPasting(true)}>
                paste it<span className="unseen">: {name}</span>
              </button>
            )}
          </div>
          {pasting && (
            <>
              <label htmlFor={paste} className="unseen">
                Paste {name}
              </label>
              <textarea
                id={paste}
                rows={4}
                spellCheck={false}
                autoComplete="off"
                placeholder="or paste its text here"
                value={value?.text ?? ""}
                onChange={pasted}
              />
            </>
          )}
        </>
      )}
      {trouble !== "" && (
        <p className="trouble" role="alert">
          {trouble}
        </p>
      )}
    </div>
  );
}

function FileMark() {
  return (
    <svg className="file-mark" viewBox="0 0 16 16" aria-hidden="true">
      <path d="M3.5 1.5h6l3 3v10h-9Z M9.5 1.5v3h3" className="line" />
    </svg>
  );
}
