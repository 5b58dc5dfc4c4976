/**
 * Elements, made and changed piece by piece. Names come from strangers: they are only ever text, never markup.
 *
 * @module
 */

/** An element with a class and what is in it. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string = "",
  ...inside: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  made.append(...inside);
  return made;
}

/** A button that does no more than what it is told to. */
export function button(label: string, className: string, onClick: (event: MouseEvent) => void): HTMLButtonElement {
  const made = element("button", className, label);
  made.type = "button";
  made.addEventListener("click", onClick);
  return made;
}

/** The element of the page with this id. */
export function byId<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`The page has no ${kind.name} with the id ${id}`);
  return found;
}

/** Puts a text where another one stood. Writing the same one again would undo what somebody has marked in it. */
export function say(node: Text, text: string): void {
  if (node.data !== text) node.data = text;
}

/** Gives an attribute another value, or none. */
export function put(target: Element, name: string, value: string | undefined): void {
  if (value === undefined) target.removeAttribute(name);
  else if (target.getAttribute(name) !== value) target.setAttribute(name, value);
}

/** Shows an element, or hides it. */
export function show(target: HTMLElement, isShown: boolean): void {
  if (target.hidden === isShown) target.hidden = !isShown;
}

/** A cell of a table. The role is there for narrow windows, in which a row is no table's row to the browser any more. */
export function cell(className: string, ...inside: readonly (Node | string)[]): HTMLTableCellElement {
  const made = element("td", className, ...inside);
  made.setAttribute("role", "cell");
  return made;
}

/** A row of a table. */
export function tableRow(className: string, ...cells: readonly HTMLElement[]): HTMLTableRowElement {
  const made = element("tr", className, ...cells);
  made.setAttribute("role", "row");
  return made;
}

/** A table with a name for those who do not see it, and the names of its columns, so many of which are figures at the end. */
export function table(
  className: string,
  caption: string,
  columns: readonly string[],
  figures: number,
): { readonly table: HTMLTableElement; readonly body: HTMLTableSectionElement; readonly caption: Text } {
  const name = new Text(caption);
  const heads = columns.map((column, index) => {
    const head = element("th", index >= columns.length - figures ? "figure" : "", column);
    head.scope = "col";
    return head;
  });
  const body = element("tbody");
  const made = element(
    "table",
    className,
    element("caption", "unseen", name),
    element("thead", "", element("tr", "", ...heads)),
    body,
  );
  return { table: made, body, caption: name };
}
