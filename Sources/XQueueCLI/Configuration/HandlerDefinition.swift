/// A task type that is served by a program or a service: one entry of the `handlers` section.
struct HandlerDefinition: Sendable, Hashable {
    let type: String
    /// The program and its arguments; empty exactly if there is a webhook.
    var command: [String]
    /// The service that runs the tasks in a program's place.
    var webhook: WebhookDefinition?
    /// The most tasks of the type that run at once; nil for no limit.
    var maxConcurrency: Int?
    /// Added to the program's environment.
    var environment: [String: String] = [:]
    /// The variables of this process that the program is given, besides the harmless ones.
    var passedVariables: [String] = []
    /// Where the program runs, and what a relative path of it is relative to.
    var workingDirectory: String
    /// The longest line of output that is kept whole, and the most of standard error that is logged, in
    /// bytes of each attempt.
    var maxOutput = 1 << 20
}
