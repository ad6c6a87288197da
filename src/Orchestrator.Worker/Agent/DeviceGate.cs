namespace Orchestrator.Worker.Agent;

/// <summary>Lets the slots of one device take work, or not. Safe for concurrent use.</summary>
internal sealed class DeviceGate
{
    private readonly ManualResetEventSlim open = new(initialState: true);

    /// <summary>Whether its slots may take work.</summary>
    public bool IsOpen => open.IsSet;

    /// <summary>Opens or closes it.</summary>
    public void Set(bool open)
    {
        if (open)
        {
            this.open.Set();
        }
        else
        {
            this.open.Reset();
        }
    }

    /// <summary>Blocks the calling thread until it is open.</summary>
    public void Wait() => open.Wait();
}
