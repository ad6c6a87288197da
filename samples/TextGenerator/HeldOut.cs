namespace Orchestrator.Samples.TextGenerator;

/// <summary>
/// Decides by its text alone whether a conversation is kept for evaluation (one in twenty), so that no seed can bring a
/// held-out question into the training text.
/// </summary>
public static class HeldOut
{
    private const ulong OneIn = 20;

    /// <summary>FNV-1a (Fowler, Noll and Vo; 64 bits) of the UTF-8 turns, each ended by a line feed, modulo 20 is 0.</summary>
    public static bool Contains(IReadOnlyList<string> turns)
    {
        var hash = 14695981039346656037UL;
        foreach (var turn in turns)
        {
            foreach (var octet in System.Text.Encoding.UTF8.GetBytes(turn + "\n"))
            {
                hash = (hash ^ octet) * 1099511628211UL;
            }
        }

        // The low bits of FNV alone depend on the low bits of the text; the high half is folded in.
        return (hash ^ (hash >> 32)) % OneIn == 0;
    }
}
