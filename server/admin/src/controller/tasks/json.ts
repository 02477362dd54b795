// What tasks need to know of JSON values.
export { isObject, same } from '../editor/values';
