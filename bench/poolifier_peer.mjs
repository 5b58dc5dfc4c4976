/** The same for poolifier. */
import { ThreadWorker } from "poolifier";
export default new ThreadWorker((value) => value + 1);
