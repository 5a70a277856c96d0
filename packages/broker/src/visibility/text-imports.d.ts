/** A file as text; of a TypeScript file the browser's script that it and its imports make (tsup.text.ts). */
declare module '*?text' {
  const text: string;
  export default text;
}
