/** The links of a page, HTML or Markdown, each of them once. */
export function findLinks(page: string): string[] {
  const found = new Set<string>();
  for (const [url] of page.matchAll(/https?:\/\/[^\s"'<>()]+/g)) found.add(url);
  return [...found];
}
