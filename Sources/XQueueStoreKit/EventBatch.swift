public import XQueueCore

/// Packs the events of one atomic step into one byte string, which a store keeps under the number of the last
/// event.
///
/// Events that differ only in their task, such as the claims of one batch, share one head. A head consists of
/// kind, time, type, worker, metadata if the kind has that bit, and what happened; texts are
/// prefixed with their length. It is followed by the number of tasks and their identifiers, 16 bytes each.
/// Integers are big-endian.
///
/// A store that packs its log in another format still reads it with an ``EventNumbering``.
public struct EventBatch: Sendable {
    /// An event without its position and task.
    public struct Head: Sendable, Hashable {
        /// When it happened, by the store's clock.
        public var timestamp: Timestamp
        /// The task's type.
        public var type: String
        /// The node that runs the task, or the last one that did.
        public var workerID: String?
        /// The metadata of the task when it happened.
        public var metadata: RawJSON?
        /// What happened.
        public var change: TaskEvent.Change

        /// - Parameters:
        ///   - timestamp: See ``timestamp``.
        ///   - type: See ``type``.
        ///   - workerID: See ``workerID``.
        ///   - metadata: See ``metadata``.
        ///   - change: See ``change``.
        public init(
            timestamp: Timestamp, type: String, workerID: String?, metadata: RawJSON? = nil,
            change: TaskEvent.Change
        ) {
            self.timestamp = timestamp
            self.type = type
            self.workerID = workerID
            self.metadata = metadata
            self.change = change
        }
    }

    private static let statusKind: UInt8 = 0
    private static let progressKind: UInt8 = 1
    /// A flag in the kind: the task has metadata.
    private static let hasMetadata: UInt8 = 2
    private static let scheduleKind: UInt8 = 4
    private static let none: UInt8 = 255

    /// The packed events.
    public private(set) var bytes: [UInt8] = []
    /// Number of events.
    public private(set) var count = 0
    private var head: Head?
    /// Offset of the current head's task count.
    private var countOffset = 0
    private var tasksOfHead: UInt32 = 0

    /// An empty batch.
    public init() {}

    /// Adds an event.
    ///
    /// - Parameters:
    ///   - id: Its task.
    ///   - head: The rest of the event.
    public mutating func add(_ id: TaskID, _ head: Head) {
        if head != self.head { open(head) }
        append(id.high)
        append(id.low)
        count += 1
        tasksOfHead += 1
        withUnsafeBytes(of: tasksOfHead.bigEndian) { new in
            for (offset, byte) in new.enumerated() { bytes[countOffset + offset] = byte }
        }
    }

    /// Removes all events and keeps the memory for reuse.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        count = 0
        head = nil
    }

    private mutating func open(_ head: Head) {
        self.head = head
        tasksOfHead = 0
        switch head.change {
        case .status(let change):
            append(shared: head, Self.statusKind)
            bytes.append(change.previous.map { UInt8($0.code) } ?? Self.none)
            bytes.append(UInt8(change.status.code))
            append(UInt32(clamping: change.version))
            append(UInt32(clamping: change.retryCount))
            append(change.error)
        case .progress(let progress):
            append(shared: head, Self.progressKind)
            append(progress.percent.bitPattern)
            append(progress.message)
        case .schedule(let change):
            append(shared: head, Self.scheduleKind)
            append(change.text)
        }
        countOffset = bytes.count
        append(tasksOfHead)
    }

    private mutating func append(shared head: Head, _ kind: UInt8) {
        bytes.append(head.metadata == nil ? kind : kind | Self.hasMetadata)
        append(UInt64(bitPattern: head.timestamp.milliseconds))
        append(head.type)
        append(head.workerID)
        if let metadata = head.metadata { append(metadata.text) }
    }

    private mutating func append(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// A length of 2^32 − 1 means nil.
    private mutating func append(_ text: String?) {
        guard let text else { return append(UInt32.max) }
        append(UInt32(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }
}

extension EventBatch {
    /// Unpacks the events of a batch.
    ///
    /// - Parameters:
    ///   - bytes: The batch's ``bytes``.
    ///   - last: The position of its last event.
    ///   - first: The number of its first event.
    /// - Throws: `StoreError` with code `corrupt` if the bytes are not a valid batch of that many events.
    public static func unpack(
        _ bytes: UnsafeRawBufferPointer, last: EventCursor, first: Int64
    ) throws(StoreError) -> [TaskEvent] {
        var reader = Reader(bytes: bytes)
        var numbering = try EventNumbering(first: first, last: last, bytes: bytes.count)
        while !reader.isAtEnd {
            let head = try reader.head()
            for _ in 0..<(try reader.integer(UInt32.self)) {
                numbering.add(TaskID(high: try reader.integer(), low: try reader.integer()), head)
            }
        }
        return try numbering.finish()
    }

    private struct Reader {
        static var damaged: StoreError { EventNumbering.damaged }

        let bytes: UnsafeRawBufferPointer
        private var offset = 0

        init(bytes: UnsafeRawBufferPointer) {
            self.bytes = bytes
        }

        var isAtEnd: Bool { offset >= bytes.count }

        mutating func integer<Number: FixedWidthInteger>(
            _ type: Number.Type = Number.self
        ) throws(StoreError) -> Number {
            let size = MemoryLayout<Number>.size
            guard bytes.count - offset >= size else { throw Self.damaged }
            defer { offset += size }
            return Number(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Number.self))
        }

        mutating func text() throws(StoreError) -> String? {
            let count = try integer(UInt32.self)
            guard count != .max else { return nil }
            guard bytes.count - offset >= Int(count) else { throw Self.damaged }
            defer { offset += Int(count) }
            return String(decoding: bytes[offset..<offset + Int(count)], as: UTF8.self)
        }

        mutating func head() throws(StoreError) -> Head {
            let kind = try integer(UInt8.self)
            let timestamp = Timestamp(milliseconds: try integer())
            guard let type = try text() else { throw Self.damaged }
            let workerID = try text()
            let metadata = kind & EventBatch.hasMetadata == 0 ? nil : try text()
            let change: TaskEvent.Change
            switch kind & ~EventBatch.hasMetadata {
            case EventBatch.statusKind: change = .status(try statusChange())
            case EventBatch.progressKind:
                let percent = Double(bitPattern: try integer())
                change = .progress(TaskProgress(percent: percent, message: try text()))
            case EventBatch.scheduleKind:
                guard let what = try text().flatMap({ ScheduleChange(text: $0) }) else { throw Self.damaged }
                change = .schedule(what)
            default: throw Self.damaged
            }
            return Head(
                timestamp: timestamp, type: type, workerID: workerID,
                metadata: metadata.map { RawJSON(trusted: $0) }, change: change)
        }

        private mutating func statusChange() throws(StoreError) -> TaskEvent.StatusChange {
            let previous = try integer(UInt8.self)
            guard let status = TaskStatus(code: Int(try integer(UInt8.self))) else { throw Self.damaged }
            return TaskEvent.StatusChange(
                previous: previous == EventBatch.none ? nil : TaskStatus(code: Int(previous)),
                status: status, version: Int(try integer(UInt32.self)),
                retryCount: Int(try integer(UInt32.self)), error: try text())
        }
    }
}
