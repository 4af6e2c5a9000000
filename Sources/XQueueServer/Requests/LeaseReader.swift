import XQueue
import XQueueCore

/// Parses requests of remote workers. The queue checks the ranges of the worker's own fields.
enum LeaseReader {
    // MARK: - Workers

    /// A request for tasks.
    static func request(_ text: String) throws(QueueError) -> LeaseRequest {
        let fields = FieldReader()
        var request = LeaseRequest(worker: RemoteWorker(name: ""))
        var hasName = false
        var hasTypes = false
        try fields.each(of: try FieldReader.body(text)) { member throws(QueueError) in
            switch member.name {
            case "max_tasks": if !isNull(member) { request.maxTasks = try fields.integer(member) }
            case "wait":
                guard !isNull(member) else { break }
                request.wait = try fields.seconds(member, longest: LeaseRequest.maxWait)
            default:
                guard try read(member, fields, into: &request.worker) else { throw fields.unknown(member) }
                hasName = hasName || member.name == "worker"
                hasTypes = hasTypes || member.name == "types"
            }
        }
        guard hasName else { throw .invalid("worker", "is required") }
        guard hasTypes else { throw .invalid("types", "is required") }
        return request
    }

    /// Reads a field of a worker's description; returns false if it is not one.
    private static func read(
        _ member: JSONMember, _ fields: FieldReader, into worker: inout RemoteWorker
    ) throws(QueueError) -> Bool {
        switch member.name {
        case "worker": worker.name = try fields.string(member)
        case "types": worker.types = try types(member, fields)
        case "capacity": if !isNull(member) { worker.capacity = try fields.integer(member) }
        case "running": if !isNull(member) { worker.running = try fields.integer(member) }
        case "pid": if !isNull(member) { worker.processID = try fields.integer(member) }
        case "host": worker.host = member.value.displayText
        case "version": worker.version = member.value.displayText
        default: return false
        }
        return true
    }

    private static func types(_ member: JSONMember, _ fields: FieldReader) throws(QueueError) -> [String] {
        var types: [String] = []
        for (index, element) in try elements(member, fields).enumerated() {
            guard element.kind == .string, let type = element.string else {
                throw .invalid("\(member.name)[\(index)]", "must be a string")
            }
            types.append(type)
        }
        return types
    }

    // MARK: - Batches

    /// The leases in `{"leases":[…]}`, and the worker that sent them, if given.
    struct Batch {
        var worker: RemoteWorker?
        /// Each lease with the members of the corresponding single request.
        var leases: [(attempt: AttemptID, members: [JSONMember])] = []
    }

    static func batch(_ text: String, limit: Int) throws(QueueError) -> Batch {
        let fields = FieldReader()
        var worker = RemoteWorker(name: "")
        var hasWorker = false
        var leases: [RawJSON]?
        try fields.each(of: try FieldReader.body(text)) { member throws(QueueError) in
            if member.name == "leases" {
                leases = try elements(member, fields)
            } else {
                guard try read(member, fields, into: &worker) else { throw fields.unknown(member) }
                hasWorker = true
            }
        }
        guard let leases else { throw .invalid("leases", "is required") }
        guard leases.count <= limit else { throw .invalid("leases", "must contain at most \(limit) leases") }
        var batch = Batch(worker: hasWorker ? worker : nil)
        for (index, lease) in leases.enumerated() {
            do throws(QueueError) {
                batch.leases.append(try element(lease))
            } catch {
                throw error.within("leases", at: index)
            }
        }
        return batch
    }

    private static func element(
        _ element: RawJSON
    ) throws(QueueError) -> (attempt: AttemptID, members: [JSONMember]) {
        var members = try FieldReader.body(element.text)
        guard let index = members.firstIndex(where: { $0.name == "lease" }) else {
            throw .invalid("lease", "is required")
        }
        let text = try FieldReader().string(members.remove(at: index))
        guard let attempt = AttemptID(leaseID: text) else { throw .invalid("lease", "must be a lease ID") }
        return (attempt, members)
    }

    // MARK: - One lease

    /// The ways to end an attempt.
    enum Ending {
        case completion, failure, release

        /// Whether to repair its body before parsing. Except for results, the text is only for people, and a failure
        /// that cannot be reported would block its task until the lease expires.
        var isRepaired: Bool { self != .completion }
    }

    /// Parses the end of an attempt from the members of a body.
    static func outcome(
        _ ending: Ending, _ members: [JSONMember], _ limits: Limits
    ) throws(QueueError) -> AttemptEnd {
        switch ending {
        case .completion: try completion(members, limits)
        case .failure: try failure(members)
        case .release: try release(members)
        }
    }

    struct Limits {
        /// Maximum size of a result, in bytes.
        let resultBytes: Int
    }

    private static func completion(
        _ members: [JSONMember], _ limits: Limits
    ) throws(QueueError) -> AttemptEnd {
        let fields = FieldReader()
        var result: RawJSON?
        try fields.each(of: members) { member throws(QueueError) in
            guard member.name == "result" else { throw fields.unknown(member) }
            guard member.value.text.utf8.count <= limits.resultBytes else {
                throw fields.invalid(member, "must be at most \(limits.resultBytes) bytes long")
            }
            result = isNull(member) ? nil : member.value
        }
        return .success(result)
    }

    private static func failure(_ members: [JSONMember]) throws(QueueError) -> AttemptEnd {
        let fields = FieldReader()
        var failure = AttemptFailure("the worker reported a failure")
        try fields.each(of: members) { member throws(QueueError) in
            switch member.name {
            case "error": if let text = member.value.displayText { failure.message = text }
            case "permanent": if !isNull(member) { failure.isPermanent = try fields.boolean(member) }
            case "retry_after": if !isNull(member) { failure.retryAfter = try delay(member, fields) }
            default: throw fields.unknown(member)
            }
        }
        return .failure(failure)
    }

    private static func release(_ members: [JSONMember]) throws(QueueError) -> AttemptEnd {
        let fields = FieldReader()
        var wait = Duration.zero
        try fields.each(of: members) { member throws(QueueError) in
            guard member.name == "delay" else { throw fields.unknown(member) }
            if !isNull(member) { wait = try delay(member, fields) }
        }
        return .release(wait)
    }

    static func progress(_ members: [JSONMember]) throws(QueueError) -> TaskProgress {
        let fields = FieldReader()
        var percent: Double?
        var message: String?
        try fields.each(of: members) { member throws(QueueError) in
            switch member.name {
            case "progress": percent = try fields.number(member)
            case "message": message = member.value.displayText
            default: throw fields.unknown(member)
            }
        }
        guard let percent else { throw .invalid("progress", "is required") }
        guard 0...100 ~= percent else { throw .invalid("progress", "must be 0 to 100") }
        return TaskProgress(percent: percent, message: message)
    }

    /// Checks that the body has no members besides the lease.
    static func nothing(_ members: [JSONMember]) throws(QueueError) {
        if let member = members.first { throw FieldReader().unknown(member) }
    }

    // MARK: - Values

    private static func elements(_ member: JSONMember, _ fields: FieldReader) throws(QueueError) -> [RawJSON]
    {
        guard let elements = try? member.value.elements() else {
            throw fields.invalid(member, "must be an array")
        }
        return elements
    }

    private static func delay(_ member: JSONMember, _ fields: FieldReader) throws(QueueError) -> Duration {
        let delay = try fields.seconds(member)
        guard .zero...ModelLimits.maxDuration ~= delay else {
            let max = ModelLimits.maxDuration.components.seconds
            throw fields.invalid(member, "must be 0 to \(max) seconds")
        }
        return delay
    }

    private static func isNull(_ member: JSONMember) -> Bool { member.value.kind == .null }
}
