export default "default";
