import XQueueCore
import XQueueStoreKit

/// The columns of a task's definition, listed once: this walk serves to name, bind and read them.
///
/// Without `type` and `payload`: one is a number in the table, the other may be in a separate table.
enum DefinitionColumns {
    static func walk<Walker: ColumnWalker>(
        _ walker: inout Walker, _ definition: inout TaskDefinition
    ) throws {
        try walker.integer("priority", &definition.priority)
        try walker.count("max_retry", &definition.maxRetry)
        walker.duration("queue_timeout", &definition.queueTimeout)
        walker.duration("process_timeout", &definition.processTimeout)
        var key = definition.concurrency?.key
        var limit = definition.concurrency?.limit ?? 0
        walker.text("key", &key)
        if key != nil {
            try walker.count("key_limit", &limit)
        } else {
            walker.null("key_limit")
        }
        if Walker.reads { definition.concurrency = key.map { ConcurrencyLimit(key: $0, limit: limit) } }
        var uniqueKey = definition.unique?.key
        walker.text("unique_key", &uniqueKey)
        var policy = definition.retryPolicy.stored
        walker.text("retry_policy", &policy)
        if Walker.reads, let policy {
            definition.retryPolicy = try RetryPolicy(stored: policy, seq: walker.seq)
        }
        // Columns that no statement interprets, one line each.
        walker.opaque("trace", &definition.trace)
        walker.opaque("metadata", &definition.metadata)
        walker.opaque("scheduled", &definition.scheduled)
        var terms = definition.unique?.terms
        walker.text("unique_terms", &terms)
        if Walker.reads { definition.unique = uniqueKey.map { UniqueRule(key: $0, terms: terms) } }
    }

    /// The column names, in the order of the walk.
    static let names: [String] = {
        var lister = ColumnLister()
        var none = TaskDefinition(type: "")
        // The lister reads nothing, so this cannot throw.
        try? walk(&lister, &none)
        return lister.names
    }()
}

/// An operation applied to each of the columns.
protocol ColumnWalker {
    /// Whether the walk sets values from the columns.
    static var reads: Bool { get }
    /// The row number, for messages.
    var seq: Int64 { get }

    mutating func integer(_ name: StaticString, _ value: inout Int32) throws
    mutating func count(_ name: StaticString, _ value: inout Int) throws
    mutating func duration(_ name: StaticString, _ value: inout Duration?)
    mutating func text(_ name: StaticString, _ value: inout String?)
    /// A column without a value: NULL is bound, and nothing is read.
    mutating func null(_ name: StaticString)
}

extension ColumnWalker {
    mutating func opaque<Value: OpaqueText>(_ name: StaticString, _ value: inout Value?) {
        var text = value?.text
        self.text(name, &text)
        if Self.reads { value = text.flatMap { Value(stored: $0) } }
    }
}

/// Collects the column names.
private struct ColumnLister: ColumnWalker {
    static let reads = false
    let seq: Int64 = 0
    var names: [String] = []

    mutating func integer(_ name: StaticString, _ value: inout Int32) { names.append("\(name)") }
    mutating func count(_ name: StaticString, _ value: inout Int) { names.append("\(name)") }
    mutating func duration(_ name: StaticString, _ value: inout Duration?) { names.append("\(name)") }
    mutating func text(_ name: StaticString, _ value: inout String?) { names.append("\(name)") }
    mutating func null(_ name: StaticString) { names.append("\(name)") }
}

/// Binds the columns' values to consecutive parameters.
struct ColumnBinder: ColumnWalker {
    static let reads = false
    let seq: Int64 = 0
    let statement: PreparedStatement
    /// The next parameter, from 1.
    var index: Int32

    mutating func integer(_ name: StaticString, _ value: inout Int32) {
        statement.bind(index, Int64(value))
        index += 1
    }

    mutating func count(_ name: StaticString, _ value: inout Int) {
        statement.bind(index, value)
        index += 1
    }

    mutating func duration(_ name: StaticString, _ value: inout Duration?) {
        statement.bind(index, value)
        index += 1
    }

    mutating func text(_ name: StaticString, _ value: inout String?) {
        statement.bind(index, value)
        index += 1
    }

    mutating func null(_ name: StaticString) {
        statement.bind(index, Int64?.none)
        index += 1
    }
}

/// Reads the columns' values from consecutive columns.
struct ColumnReader: ColumnWalker {
    static let reads = true
    let seq: Int64
    let statement: PreparedStatement
    /// The next column, from 0.
    var index: Int32

    mutating func integer(_ name: StaticString, _ value: inout Int32) {
        value = Int32(truncatingIfNeeded: statement.integer(index))
        index += 1
    }

    mutating func count(_ name: StaticString, _ value: inout Int) throws {
        value = try StoredNumber.count(statement.integer(index), in: "\(name) of row \(seq) of tasks")
        index += 1
    }

    mutating func duration(_ name: StaticString, _ value: inout Duration?) {
        value = statement.duration(index)
        index += 1
    }

    mutating func text(_ name: StaticString, _ value: inout String?) {
        value = statement.text(index)
        index += 1
    }

    mutating func null(_ name: StaticString) { index += 1 }
}
