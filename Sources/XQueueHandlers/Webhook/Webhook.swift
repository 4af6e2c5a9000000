/// A service that runs the tasks of a type, and how it is asked.
public struct Webhook: Sendable, Hashable {
    /// Where tasks are sent: an address of `http` or `https`. What stands in its query is kept out of errors.
    public var url: String
    /// What requests are signed with, in the header `X-XQueue-Signature`; nil for no signature.
    public var secret: WebhookSecret?
    /// Added to each request, by name. The headers that this library sets itself win.
    public var headers: [String: String] = [:]
    /// How long the service may take to answer, within the task's process timeout. Five minutes by default; more than
    /// ten years count as ten years.
    public var timeout: Duration = .seconds(300)
    /// The largest answer that is read, in bytes; a larger one fails the task for good. 1 MiB by default.
    public var maxResponse = 1 << 20

    /// Describes a service.
    ///
    /// - Parameters:
    ///   - url: Where tasks are sent.
    ///   - secret: What requests are signed with; nil for no signature.
    public init(url: String, secret: WebhookSecret? = nil) {
        self.url = url
        self.secret = secret
    }
}
