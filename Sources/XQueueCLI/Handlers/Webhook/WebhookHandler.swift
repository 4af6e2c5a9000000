import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import XQueue
import XQueueCore

/// Serves a task type with a service that is asked over HTTP.
///
/// What the service gets: a POST with the task as JSON (`id`, `type`, `payload`, `attempt`, `max_retry`,
/// `created_at`), signed if there is a secret.
///
/// What its answer means: 2xx is success, and the body, if it is JSON, the result. 429 and 503 fail the attempt,
/// which is retried after `Retry-After` if the answer says so; so do other 5xx, a connection that is refused or
/// breaks, and an answer that does not come in time, after the task's own back-off. Other 4xx, and redirects,
/// which are not followed, fail the task for good.
///
/// When the task is canceled or times out, the request is closed.
struct WebhookHandler: Sendable {
    /// How much of a refusal's body is put into the task's error, in bytes.
    private static let quotedBytes = 500

    let definition: WebhookDefinition
    let client: WebhookClient
    let clock: any QueueClock

    init(_ definition: WebhookDefinition, client: WebhookClient, clock: any QueueClock = SystemQueueClock()) {
        self.definition = definition
        self.client = client
        self.clock = clock
    }

    /// Runs one attempt.
    func handle(_ task: TaskContext<RawJSON>) async throws -> RawJSON? {
        let response: HTTPClientResponse
        let body: ByteBuffer?
        do {
            response = try await client.http().execute(
                request(for: task), timeout: TimeAmount(definition.timeout), logger: nil)
            body = try await read(response)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // A client that is stopped says so in its own words.
            try Task.checkCancellation()
            throw TaskFailure("\(place): \(Self.reason(error))")
        }
        return try outcome(of: response, body)
    }

    private func request(for task: TaskContext<RawJSON>) -> HTTPClientRequest {
        let body = Self.body(of: task)
        var request = HTTPClientRequest(url: definition.url)
        request.method = .POST
        for (name, value) in definition.headers { request.headers.replaceOrAdd(name: name, value: value) }
        request.headers.add(name: "Content-Type", value: "application/json")
        if !request.headers.contains(name: "User-Agent") {
            request.headers.add(name: "User-Agent", value: "xqueue/\(Version.current)")
        }
        request.headers.add(name: "X-XQueue-Task-ID", value: task.id.description)
        request.headers.add(name: "X-XQueue-Task-Type", value: task.type)
        request.headers.add(name: "X-XQueue-Attempt", value: String(task.attempt))
        if let trace = task.trace {
            request.headers.replaceOrAdd(name: "traceparent", value: trace.parent)
            if let state = trace.state { request.headers.replaceOrAdd(name: "tracestate", value: state) }
        }
        if let secret = definition.secret {
            let signature = WebhookSignature.value(of: body, secret: secret, at: clock.now())
            request.headers.add(name: WebhookSignature.header, value: signature)
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
        }
        return writer.bytes
    }

    /// The answer's body; nil if it is larger than it may be.
    private func read(_ response: HTTPClientResponse) async throws -> ByteBuffer? {
        do {
            return try await response.body.collect(upTo: definition.maxResponse)
        } catch is NIOTooManyBytesError {
            return nil
        }
    }

    private func outcome(of response: HTTPClientResponse, _ body: ByteBuffer?) throws -> RawJSON? {
        let status = response.status.code
        switch status {
        case 200..<300:
            guard let body else {
                // Doing the work once more would not make the answer smaller.
                throw TaskFailure(
                    "\(place): the answer is larger than \(definition.maxResponse) bytes", isPermanent: true)
            }
            return try? RawJSON(bytes: body.readableBytesView)
        case 300..<400:
            throw failure(response, "redirects are not followed", body, isPermanent: true)
        case 429, 503:
            throw failure(response, nil, body, retryAfter: retryAfter(response))
        case 400..<500:
            throw failure(response, nil, body, isPermanent: true)
        default:
            throw failure(response, nil, body)
        }
    }

    private func failure(
        _ response: HTTPClientResponse, _ remark: String?, _ body: ByteBuffer?, isPermanent: Bool = false,
        retryAfter: Duration? = nil
    ) -> TaskFailure {
        let said = body.map { String(decoding: $0.readableBytesView.prefix(Self.quotedBytes), as: UTF8.self) }
        let parts = ["\(place) answered \(response.status.code)", remark, said].compactMap { $0 }
        return TaskFailure(
            parts.filter { !$0.isEmpty }.joined(separator: ": "), isPermanent: isPermanent,
            retryAfter: retryAfter)
    }

    private func retryAfter(_ response: HTTPClientResponse) -> Duration? {
        response.headers.first(name: "Retry-After").flatMap { RetryAfter.delay($0, now: clock.now()) }
    }

    /// The address as far as errors may show it: a query may hold secrets.
    private var place: String {
        String(definition.url.prefix { $0 != "?" })
    }

    private static func reason(_ error: any Error) -> String {
        switch error as? HTTPClientError {
        case .some(.deadlineExceeded), .some(.readTimeout): "no answer in time"
        case .some(.connectTimeout): "cannot connect in time"
        default: String(describing: error)
        }
    }
}
