/** One way of several. */
export function Choice(props: { group: string; checked: boolean; onChoose: () => void; children: React.ReactNode }) {
  return (
    <label className="choice">
      <input type="radio" name={props.group} checked={props.checked} onChange={props.onChoose} />
      <span>{props.children}</span>
    </label>
  );
}

/** What trusting the server itself is worth. */
export function ServerWarning() {
  return (
    <p className="caution">
      <strong>A server that vouches for itself proves less.</strong> If it lies, its consortium.json fits the lie. A
      result reached this way says that the receipt agrees with this server, not that the server is honest. For proof,
      take consortium.json from a member you trust, by another way.
    </p>
  );
}
