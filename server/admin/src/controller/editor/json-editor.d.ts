// The part of json-editor's interface the admin uses; the package ships no types.
declare module '@json-editor/json-editor' {
  export interface EditorError {
    path: string;
    property: string;
    message: string;
  }
  interface FieldEditor {
    showValidationErrors(errors: EditorError[]): void;
  }
  export class JSONEditor {
    static defaults: { languages: { en: Record<string, string> } };
    constructor(element: HTMLElement, options: Record<string, unknown>);
    root?: FieldEditor;
    options: { show_errors: 'always' | 'change' | 'never' };
    getValue(): unknown;
    setValue(value: unknown): void;
    getEditor(path: string): FieldEditor | undefined;
    validate(): EditorError[];
    on(event: 'ready' | 'change', callback: () => void): void;
    enable(): void;
    disable(): void;
    destroy(): void;
  }
}
