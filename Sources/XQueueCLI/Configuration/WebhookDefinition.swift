/// Where the tasks of a type are sent: the `webhook` of an entry of the `handlers` section.
struct WebhookDefinition: Sendable, Hashable {
    /// Of `http` or `https`, without a name and password.
    var url: String
    /// What requests are signed with, as it was found in the environment or a file; nil for no signature.
    var secret: WebhookSecret?
    /// Added to each request. Values may be secrets.
    var headers: [String: String] = [:]
    /// How long the service may take to answer, within the task's process timeout.
    var timeout: Duration = .seconds(300)
    /// The largest answer that is read.
    var maxResponse = 1 << 20
}

/// A key that signs requests. It shows itself to nobody.
struct WebhookSecret: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// The fewest bytes a key may have.
    static let minBytes = 16

    let bytes: [UInt8]

    var description: String { "(set)" }
    var customMirror: Mirror { Mirror(self, children: []) }
}
