/** The same for piscina. */
export default (value) => value + 1;
