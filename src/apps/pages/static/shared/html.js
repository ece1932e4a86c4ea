/** Preact with htm, in one import. Texts in a template are always text, never markup. */

export { html, render } from "htm/preact";
export {
  useCallback,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useReducer,
  useRef,
  useState,
} from "preact/hooks";
