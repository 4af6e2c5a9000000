/// What one worker asks for.
public struct ClaimShare: Sendable, Hashable {
    public var workerID: String
    /// The types the worker serves, without repetition.
    public var types: [String]
    /// Maximum number of tasks to hand out to it.
    public var count: Int

    public init(workerID: String, types: [String], count: Int) {
        self.workerID = workerID
        self.types = types
        self.count = count
    }
}

/// A request for tasks, of one worker or of several.
public struct ClaimRequest: Sendable, Hashable {
    /// What each worker asks for. They are served one after another, each with the best tasks left.
    public var shares: [ClaimShare]
    /// The claim ends once the payloads of its tasks, at least one, exceed this many bytes.
    public var maxBytes: Int
    /// The grant for the first task, and the first share. Each further task gets the next token, and the worker of its share.
    public var grant: ClaimGrant
    /// The mark of the data the worker knows (``StoreBirth/id``): other data hands out nothing. Nil accepts any
    /// data.
    public var birth: String?

    public init(
        _ shares: [ClaimShare], grant: ClaimGrant, maxBytes: Int = ModelLimits.answerBytes,
        birth: String? = nil
    ) {
        self.shares = shares
        self.maxBytes = maxBytes
        self.grant = grant
        if let first = shares.first { self.grant.workerID = first.workerID }
        self.birth = birth
    }

    /// The request of the one worker that `grant` names.
    public init(
        types: [String], count: Int, grant: ClaimGrant, maxBytes: Int = ModelLimits.answerBytes
    ) {
        let share = ClaimShare(workerID: grant.workerID, types: types, count: count)
        self.init([share], grant: grant, maxBytes: maxBytes)
    }

    /// Maximum number of tasks in total.
    public var count: Int { shares.reduce(0) { $0 + $1.count } }

    /// The grant for a task.
    ///
    /// - Parameters:
    ///   - number: How many tasks of this claim precede it.
    ///   - share: The index of the share the task belongs to.
    public func grant(_ number: Int, to share: Int) -> ClaimGrant {
        var grant = grant
        grant.token = grant.token.offset(by: number)
        if share > 0 { grant.workerID = shares[share].workerID }
        return grant
    }

    /// Splits the claimed tasks among the shares.
    ///
    /// - Parameter tasks: The claimed tasks, in order.
    /// - Returns: The tasks of each share.
    package func split(_ tasks: [TaskRecord]) -> [[TaskRecord]] {
        guard shares.count != 1 else { return [tasks] }
        var parts = Array(repeating: [TaskRecord](), count: shares.count)
        var turn = ClaimTurn(self)
        for task in tasks {
            guard let index = turn.next(task.type) else { break }
            parts[index].append(task)
        }
        return parts
    }
}

/// Finds the share of one claimed task after another.
public struct ClaimTurn: Sendable {
    private let shares: [ClaimShare]
    private var index = 0
    private var taken = 0

    public init(_ request: ClaimRequest) {
        shares = request.shares
    }

    /// The index of the share that the next task, which has this type, belongs to; nil if none asked for it.
    public mutating func next(_ type: String) -> Int? {
        // A share leaves no task that it could have had to those after it.
        while index < shares.count {
            let share = shares[index]
            if taken < share.count, shares.count == 1 || share.types.contains(type) {
                taken += 1
                return index
            }
            index += 1
            taken = 0
        }
        return nil
    }
}

/// The result of a claim.
public struct ClaimResult: Sendable, Hashable {
    /// The claimed tasks with their leases: those of the first share, best first, then those of the next.
    public var tasks: [TaskRecord]
    /// Whether more tasks may be ready: the claim was full, in tasks or bytes, or stopped after skipping many
    /// parked tasks.
    public var hasMore: Bool

    public init(tasks: [TaskRecord], hasMore: Bool) {
        self.tasks = tasks
        self.hasMore = hasMore
    }
}
