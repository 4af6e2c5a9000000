import AsyncHTTPClient
import NIOCore
import NIOHTTP1
public import XQueue
public import XQueueCore

/// Runs the tasks of a type by calling an HTTP service.
///
/// Request: a POST with the task as JSON (`id`, `type`, `payload`, `attempt`, `max_retry`, `created_at`, `metadata`),
/// signed if there is a secret.
///
/// Response: 2xx is success; the body, if it is JSON, is the result. 408, 423, 425, 429, 5xx, a refused or broken
/// connection, and a response that is not complete in time fail the attempt, which is retried after the task's back-off
/// or after `Retry-After`, whichever is later. Other 4xx and redirects, which are not followed, fail the task permanently.
///
/// A service may close an idle connection just as a request goes out on it. The request is then sent again immediately,
/// within the same attempt.
///
/// When the task is canceled or times out, the request is aborted.
public struct WebhookHandler: Sendable {
    /// Maximum bytes of an error response in the task's error.
    private static let quotedBytes = 500
    /// Maximum number of immediate resends per attempt.
    private static let maxResends = 3
    /// Descriptors per request: one for the connection, one for looking up the host.
    private static let descriptors = 2

    /// The service that runs the tasks.
    public let webhook: Webhook
    private let client: WebhookClient
    private let clock: any QueueClock
    private let files: FileGate

    /// Creates a handler to register with a `TaskManager`.
    ///
    /// - Parameters:
    ///   - webhook: The service that runs the tasks.
    ///   - client: The HTTP client; must not be shut down before the queue.
    public init(_ webhook: Webhook, client: WebhookClient = .shared) {
        self.init(webhook, client: client, clock: SystemQueueClock())
    }

    init(_ webhook: Webhook, client: WebhookClient, clock: any QueueClock, files: FileGate = .shared) {
        self.webhook = webhook
        self.client = client
        self.clock = clock
        self.files = files
    }

    /// The body of a response.
    private enum Body: Sendable {
        case whole(ByteBuffer)
        case tooLarge
        /// The deadline passed or the connection broke, with the reason.
        case incomplete(String)
    }

    /// Runs one attempt.
    ///
    /// - Parameter task: The task and its attempt.
    /// - Returns: The body of the response, if it is JSON.
    /// - Throws: `TaskFailure` unless the response's status is 2xx, or `CancellationError`.
    public func handle(_ task: TaskContext<RawJSON>) async throws -> RawJSON? {
        let deadline = ContinuousClock.now + min(webhook.timeout, ModelLimits.maxDuration)
        do {
            let response = try await send(task, by: deadline)
            return try outcome(of: response, try await read(response, by: deadline))
        } catch let failure as TaskFailure {
            throw failure
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // The HTTP client reports cancellation with its own error.
            try Task.checkCancellation()
            throw TaskFailure("\(place): \(WebhookTrouble.reason(error))")
        }
    }

    /// Sends the request; returns the head of the response.
    private func send(
        _ task: TaskContext<RawJSON>, by deadline: ContinuousClock.Instant
    ) async throws -> HTTPClientResponse {
        let id = task.id.description
        var resends = 0
        while true {
            client.exchanges.began(id, try await files.permit(Self.descriptors, logger: task.logger))
            do {
                let rest = max(deadline - ContinuousClock.now, .zero)
                let response = try await client.http.execute(
                    request(for: task), timeout: TimeAmount(rest), logger: nil)
                client.exchanges.ended(id)
                return response
            } catch {
                let way = client.exchanges.ended(id)
                let isNoAttempt = way != .newConnection && WebhookTrouble.isClose(error)
                guard isNoAttempt, resends < Self.maxResends, !Task.isCancelled else { throw error }
                resends += 1
            }
        }
    }

    private func request(for task: TaskContext<RawJSON>) -> HTTPClientRequest {
        let body = Self.body(of: task)
        var request = HTTPClientRequest(url: webhook.url)
        request.method = .POST
        for (name, value) in webhook.headers { request.headers.replaceOrAdd(name: name, value: value) }
        request.headers.replaceOrAdd(name: "Content-Type", value: "application/json")
        if !request.headers.contains(name: "User-Agent") {
            request.headers.add(name: "User-Agent", value: client.userAgent)
        }
        request.headers.replaceOrAdd(name: WebhookExchanges.header, value: task.id.description)
        request.headers.replaceOrAdd(name: "X-XQueue-Task-Type", value: task.type)
        request.headers.replaceOrAdd(name: "X-XQueue-Attempt", value: String(task.attempt))
        if let trace = task.trace {
            request.headers.replaceOrAdd(name: "traceparent", value: trace.parent)
            if let state = trace.state { request.headers.replaceOrAdd(name: "tracestate", value: state) }
        }
        if let secret = webhook.secret {
            let signature = WebhookSignature.value(of: body, secret: secret, at: clock.now())
            request.headers.replaceOrAdd(name: WebhookSignature.header, value: signature)
        }
        request.body = .bytes(ByteBuffer(bytes: body))
        return request
    }

    private static func body(of task: TaskContext<RawJSON>) -> [UInt8] {
        var writer = JSONWriter(capacity: 256 + task.payload.text.utf8.count)
        writer.object { writer in
            writer.member("id", task.id.description)
            writer.member("type", task.type)
            writer.member("payload", task.payload)
            writer.member("attempt", task.attempt)
            writer.member("max_retry", task.maxRetry)
            writer.member("created_at", task.createdAt)
            writer.member("metadata", task.metadata)
            writer.scheduled(task.scheduled)
        }
        return writer.bytes
    }

    private func read(
        _ response: HTTPClientResponse, by deadline: ContinuousClock.Instant
    ) async throws -> Body {
        let maxResponse = max(webhook.maxResponse, 0)
        let body = await withTaskGroup(of: Body.self) { group in
            group.addTask {
                do {
                    return .whole(try await response.body.collect(upTo: maxResponse))
                } catch is NIOTooManyBytesError {
                    return .tooLarge
                } catch {
                    return .incomplete(WebhookTrouble.reason(error))
                }
            }
            group.addTask {
                try? await Task.sleep(until: deadline, clock: .continuous)
                return .incomplete("the response was not complete in time")
            }
            let first = await group.next()
            // This also makes the reader release the connection.
            group.cancelAll()
            return first
        }
        try Task.checkCancellation()
        return body ?? .incomplete("no response")
    }

    private func outcome(of response: HTTPClientResponse, _ body: Body) throws -> RawJSON? {
        let status = response.status.code
        switch status {
        case 200..<300: return try result(body)
        case 300..<400: throw failure(response, "redirects are not followed", body, isPermanent: true)
        case 408, 423, 425, 429: throw failure(response, nil, body)
        case 400..<500: throw failure(response, nil, body, isPermanent: true)
        default: throw failure(response, nil, body)
        }
    }

    private func result(_ body: Body) throws -> RawJSON? {
        switch body {
        case .whole(let buffer): return try? RawJSON(bytes: buffer.readableBytesView)
        case .tooLarge:
            // A retry would not make the response smaller.
            throw TaskFailure(
                "\(place): the response is larger than \(webhook.maxResponse) bytes", isPermanent: true)
        case .incomplete(let reason): throw TaskFailure("\(place): \(reason)")
        }
    }

    private func failure(
        _ response: HTTPClientResponse, _ remark: String?, _ body: Body, isPermanent: Bool = false
    ) -> TaskFailure {
        var parts = ["\(place) answered \(response.status.code)", remark ?? ""]
        if case .whole(let said) = body {
            parts.append(String(decoding: said.readableBytesView.prefix(Self.quotedBytes), as: UTF8.self))
        }
        return TaskFailure(
            parts.filter { !$0.isEmpty }.joined(separator: ": "), isPermanent: isPermanent,
            minRetryDelay: isPermanent ? nil : retryAfter(response))
    }

    private func retryAfter(_ response: HTTPClientResponse) -> Duration? {
        response.headers.first(name: "Retry-After").flatMap { RetryAfter.delay($0, now: clock.now()) }
    }

    /// The URL without its query, which may contain secrets.
    private var place: String {
        String(webhook.url.prefix { $0 != "?" })
    }
}

/// An HTTP service that runs the tasks of a type.
public struct Webhook: Sendable, Hashable {
    /// The `http` or `https` URL that tasks are posted to. Its query is omitted from errors.
    public var url: String
    /// Secret for signing requests, in the header `X-XQueue-Signature`; nil for no signature.
    public var secret: WebhookSecret?
    /// Headers added to each request, by name. Those that this library sets take precedence.
    public var headers: [String: String] = [:]
    /// How long the service may take to respond, within the task's process timeout. Default: five minutes; maximum: ten
    /// years.
    public var timeout: Duration = .seconds(300)
    /// Maximum size of a response in bytes; a larger one fails the task permanently. Default: 1 MiB.
    public var maxResponse = 1 << 20

    /// Creates a webhook.
    ///
    /// - Parameters:
    ///   - url: The URL that tasks are posted to.
    ///   - secret: Secret for signing requests; nil for no signature.
    public init(url: String, secret: WebhookSecret? = nil) {
        self.url = url
        self.secret = secret
    }
}
