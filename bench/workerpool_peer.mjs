/** The same for workerpool. */
import workerpool from "workerpool";
workerpool.worker({ increment: (value) => value + 1 });
