/** The other processes that serve the same port: the workers of one server. */
export interface Peers {
  /**
   * Opens a channel, which all peers have under the same name; returns the function that sends to them.
   * Messages become JSON on their way. One that is sent while a peer starts does not reach it.
   */
  openChannel: <Message>(name: string, receive: (message: Message) => void) => (message: Message) => void
}
