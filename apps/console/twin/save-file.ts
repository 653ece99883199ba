/** Lets the browser save a text as a file. Nothing is sent. */
export function saveFile(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // Some browsers open the address only after the click has returned.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
