using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Orchestrator.Api.Auth;

/// <summary>
/// Refuses to listen beyond loopback while there are no keys. It stands before Kestrel's own transport and is asked for each
/// address before it is bound, so there is no moment at which the port is open.
/// </summary>
internal sealed class ListenGuard(KeyRing ring) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) =>
        ring.IsEmpty && endpoint is IPEndPoint { Address: var address } && !IPAddress.IsLoopback(address);

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        throw new InvalidOperationException(
            $"Refusing to listen on {endpoint}: without Auth:Keys everyone who can reach that address could run jobs. "
            + "Set Auth:Keys, or listen on loopback (--urls http://127.0.0.1:8080).");
}
