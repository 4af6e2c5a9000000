import NIOCore

/// The address of a client, for the log and for counting what comes from one place.
enum ClientAddress {
    /// As text; nil for a channel that is no connection of IP.
    static func text(of channel: (any Channel)?) -> String? {
        channel?.remoteAddress?.ipAddress
    }

    /// The place an address belongs to: of IPv6 the network, of which whoever has one address has 2^64. Unlike
    /// connections, wrong tokens from this machine are counted, too.
    static func place(_ address: String) -> String {
        ConnectionAddress(ipAddress: address)?.text ?? address
    }
}
