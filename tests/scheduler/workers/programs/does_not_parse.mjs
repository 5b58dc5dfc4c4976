await import("data:text/javascript,export function {");
