import XQueueCore

extension JSONWriter {
    /// Writes the member `workers`: the live nodes of the cluster, `thisNode` marked.
    mutating func nodes(_ nodes: [NodeRecord], thisNode: String) {
        name("workers")
        array(nodes) { $0.node($1, isThisNode: $1.id == thisNode) }
    }

    private mutating func node(_ node: NodeRecord, isThisNode: Bool) {
        object { writer in
            writer.member("id", node.id)
            writer.member("this_node", isThisNode)
            writer.member("host", node.host)
            writer.member("pid", node.processID)
            writer.member("version", node.version)
            writer.name("roles")
            writer.array(Self.words(of: node.roles)) { $0.value($1) }
            writer.name("types")
            writer.array(node.types) { $0.value($1) }
            writer.member("capacity", node.capacity)
            writer.member("running", node.running)
            writer.member("stuck", node.stuck)
            writer.member("started_at", node.startedAt)
            writer.member("last_seen_at", node.lastSeenAt)
        }
    }

    private static func words(of roles: NodeRecord.Role) -> [String] {
        let words: [(NodeRecord.Role, String)] = [(.api, "api"), (.worker, "worker"), (.remote, "remote")]
        return words.filter { roles.contains($0.0) }.map(\.1)
    }
}
