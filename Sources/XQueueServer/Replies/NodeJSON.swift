import XQueueCore

extension JSONWriter {
    /// Writes the member `workers`: the live nodes of the cluster, with `thisNode` marked.
    ///
    /// A caller limited to types sees the nodes that serve those types, and a node's load only if it serves no others.
    mutating func nodes(_ nodes: [NodeRecord], thisNode: String, for caller: Caller) {
        name("workers")
        array(nodes) { writer, node in
            let isOwn = node.types.allSatisfy(caller.canAccess)
            writer.node(node.narrowed(to: caller), isThisNode: node.id == thisNode, showsLoad: isOwn)
        }
    }

    private mutating func node(_ node: NodeRecord, isThisNode: Bool, showsLoad: Bool) {
        object { writer in
            writer.member("id", node.id)
            writer.member("this_node", isThisNode)
            writer.member("host", node.program.host)
            writer.member("pid", node.program.processID)
            writer.member("version", node.program.version)
            writer.name("roles")
            writer.array(Self.words(of: node.roles)) { $0.value($1) }
            writer.name("types")
            writer.array(node.types) { $0.value($1) }
            writer.member("capacity", showsLoad ? node.load.total : nil)
            writer.member("running", showsLoad ? node.load.active : nil)
            writer.member("stuck", showsLoad ? node.load.stuck : nil)
            writer.member("started_at", node.program.startedAt)
            writer.member("last_seen_at", node.lastSeenAt)
        }
    }

    private static func words(of roles: NodeRecord.Role) -> [String] {
        let words: [(NodeRecord.Role, String)] = [(.api, "api"), (.worker, "worker"), (.remote, "remote")]
        return words.filter { roles.contains($0.0) }.map(\.1)
    }
}

extension NodeRecord {
    /// Whether the node serves any type the caller has access to.
    func isVisible(to caller: Caller) -> Bool {
        caller.types == nil || types.contains(where: caller.canAccess)
    }

    fileprivate func narrowed(to caller: Caller) -> NodeRecord {
        guard caller.types != nil else { return self }
        var node = self
        node.types = types.filter(caller.canAccess)
        return node
    }
}
