/** A plugin of TypeDoc: symbols by the room that they live in, modules by the names that users import. */

import { Comment, CommentTag, Converter, ReflectionKind } from "typedoc";
import { MarkdownPageEvent } from "typedoc-plugin-markdown";

/** What users import, by the file that has it. */
const entries = {
  mod: "millrace",
  "io/mod": "millrace/io",
  worker: "millrace/worker",
  remote: "millrace/remote",
  testing: "millrace/testing",
};

/** The rooms, as the guide calls what is in them. */
const rooms = {
  "scheduler/tasks": "Tasks and groups",
  "scheduler/scopes": "Cancellation and errors",
  "scheduler/waits": "Waits",
  "scheduler/sync": "Synchronisation",
  "scheduler/combinators": "Combinators and retry",
  "scheduler/supervision": "Supervision",
  "scheduler/web": "The web's scheduler",
  "scheduler/chunked": "Long loops in slices",
  "scheduler/queue": "The loop",
  "scheduler/program": "Programs",
  "scheduler/workers": "Worker pools",
  "scheduler/inspection": "Inspection",
  "scheduler/exploration": "Exploration",
  "scheduler/configure": "The loop",
  "runtime/simulation": "Simulation",
  "runtime/basics/buggify": "Simulation",
  "runtime/basics/histogram": "Inspection",
  "runtime/port/worker": "Worker pools",
  "runtime/port": "Programs and signals",
  "runtime/monitor": "Inspection",
  "io/serve": "Servers",
  "io/net": "Connections",
  "io/files": "Files",
  "io/processes": "Programs and signals",
  "io/streams": "Streams",
  "io/asyncio": "The names of asyncio",
  "io/inspector": "The inspector",
  "io/remote": "Remote pools",
};

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.children ?? []) {
      module.name = entries[module.name] ?? module.name;
      for (const symbol of module.children ?? []) categorise(symbol);
    }
    for (const { comment } of Object.values(project.reflections)) {
      if (comment !== undefined) throwsAsList(comment);
    }
  });
  app.renderer.on(MarkdownPageEvent.BEGIN, (page) => {
    const { model } = page;
    if (model === undefined) return;
    page.frontmatter = { title: titleOf(model), editLink: false, outline: [2, 3] };
  });
}

/** A symbol's page says which import has it. */
function titleOf(model) {
  if (model.kind === ReflectionKind.Project) return "Reference";
  if (model.kind === ReflectionKind.Module) return `@millrace/${model.name}`;
  return `${model.name} · @millrace/${model.parent?.name ?? "millrace"}`;
}

function categorise(symbol) {
  const target = symbol.kind === ReflectionKind.Reference ? symbol.tryGetTargetReflectionDeep() ?? symbol : symbol;
  const source = target.sources?.[0] ?? target.signatures?.[0]?.sources?.[0];
  const path = source?.fileName ?? "";
  const room = Object.keys(rooms).find((each) => path.includes(`${each}/`) || path.includes(`${each}.`));
  const comment = (symbol.signatures?.[0] ?? symbol).comment ??= new Comment();
  comment.removeTags("@category");
  comment.blockTags.push(new CommentTag("@category", [{ kind: "text", text: rooms[room] ?? "Other" }]));
}

/** TypeDoc takes the class of what is thrown apart, and makes a section of each. */
function throwsAsList(comment) {
  const tags = comment.getTags("@throws");
  if (tags.length === 0) return;
  comment.removeTags("@throws");
  const parts = tags.flatMap(({ typeAnnotation = "", content }) => [
    { kind: "text", text: `- ${typeAnnotation} ` },
    ...content.map((part) => part.kind === "text" ? { ...part, text: part.text.trimEnd() + " " } : part),
    { kind: "text", text: "\n" },
  ]);
  for (const part of parts) if (part.kind === "text") part.text = part.text.replace(/\{([\w. ]+)\}/g, "`$1`");
  comment.blockTags.unshift(new CommentTag("@throws", parts));
}
