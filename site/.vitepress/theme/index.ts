/** The theme: VitePress' own, in the colours of the mark. */

import DefaultTheme from "vitepress/theme";
import "./style.css";

export default DefaultTheme;
