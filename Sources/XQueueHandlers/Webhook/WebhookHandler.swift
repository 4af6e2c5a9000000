import AsyncHTTPClient
import NIOCore
import NIOHTTP1
public import XQueue
public import XQueueCore

/// Serves a task type with a service that is asked over HTTP.
///
/// What the service gets: a POST with the task as JSON (`id`, `type`, `payload`, `attempt`, `max_retry`,
/// `created_at`), signed if there is a secret.
///
/// What its answer means: 2xx is success, and the body, if it is JSON, the result. 408, 423, 425, 429 and 5xx fail the
/// attempt, which is retried after the task's back-off, or after `Retry-After` if that is later; so do a connection
/// that is refused or breaks, and an answer that is not there in time, its body included. Other 4xx, and redirects,
/// which are not followed, fail the task for good.
///
/// A service may close a connection that rests at the very moment a request goes out on it. That says nothing of the
/// service or the task, so the request is sent again at once, within the same attempt.
///
/// When the task is canceled or times out, the request is closed.
public struct WebhookHandler: Sendable {
    /// How much of a refusal's body is put into the task's error, in bytes.
    private static let quotedBytes = 500
    /// How often an attempt is sent again at once.
    private static let mostResends = 3
    /// A connection, and one to look up the host.
    private static let descriptors = 2

    /// What runs the tasks.
    public let webhook: Webhook
    private let client: WebhookClient
    private let clock: any QueueClock
    private let files: FileGate

    /// Makes a handler, which is then registered at a `TaskManager`.
    ///
    /// - Parameters:
    ///   - webhook: What runs the tasks.
    ///   - client: What it is asked with. It must not be shut down before the queue is.
    public init(_ webhook: Webhook, client: WebhookClient = .shared) {
        self.init(webhook, client: client, clock: SystemQueueClock())
    }

    init(_ webhook: Webhook, client: WebhookClient, clock: any QueueClock, files: FileGate = .shared) {
        self.webhook = webhook
        self.client = client
        self.clock = clock
        self.files = files
    }

    /// What came of an answer's body.
    private enum Body: Sendable {
        case whole(ByteBuffer)
        case tooLarge
        /// It was not there at the deadline, or the connection broke, for this reason.
        case incomplete(String)
    }

    /// Runs one attempt.
    ///
    /// - Parameter task: What the attempt is given.
    /// - Returns: What the service answered, if it is JSON.
    /// - Throws: `TaskFailure` unless the service answered with a status of 2xx, or `CancellationError`.
    public func handle(_ task: TaskContext<RawJSON>) async throws -> RawJSON? {
        let deadline = ContinuousClock.now + min(webhook.timeout, ModelLimits.longestDuration)
        do {
            let response = try await send(task, by: deadline)
            return try outcome(of: response, try await read(response, by: deadline))
        } catch let failure as TaskFailure {
            throw failure
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // A client that is stopped says so in its own words.
            try Task.checkCancellation()
            throw TaskFailure("\(place): \(WebhookTrouble.reason(error))")
        }
    }

    /// The head of the answer.
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
                guard isNoAttempt, resends < Self.mostResends, !Task.isCancelled else { throw error }
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
                return .incomplete("the answer did not end in time")
            }
            let first = await group.next()
            // Whoever reads is done with the connection then, too.
            group.cancelAll()
            return first
        }
        try Task.checkCancellation()
        return body ?? .incomplete("no answer")
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
            // Doing the work once more would not make the answer smaller.
            throw TaskFailure(
                "\(place): the answer is larger than \(webhook.maxResponse) bytes", isPermanent: true)
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

    /// The address as far as errors may show it: a query may hold secrets.
    private var place: String {
        String(webhook.url.prefix { $0 != "?" })
    }
}

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
