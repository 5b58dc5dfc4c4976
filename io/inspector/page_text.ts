/** Stands here until the page is there. */
export const pageHtml = "<!doctype html><title>Millrace</title>";
export const pageScript = "";
export const pageStyle = "";
