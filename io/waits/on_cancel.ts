import { Member, type Scope } from "../../scheduler/scopes/scope.ts";

/** Tells of the cancellation of a scope, without being a checkpoint in it. */
export class OnCancel extends Member {
  readonly #onCancel: () => void;

  /** Joins the scope; `leave` ends that. */
  constructor(scope: Scope, onCancel: () => void) {
    super(scope);
    this.#onCancel = onCancel;
  }

  override interrupt(): void {
    this.#onCancel();
  }

  override run(): void {}
}
