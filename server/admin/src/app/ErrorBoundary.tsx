import { Component, type ReactNode } from 'react';
import { PageError } from './pages';

/** Shows what went wrong in place of a page that failed; the frame around it stays. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    return this.state.error ? <PageError error={this.state.error} /> : this.props.children;
  }
}
