using Orchestrator.Domain.Evaluation.Drafters;

namespace Orchestrator.Domain.Evaluation.Verification;

/// <summary>A verifier's way down a tree: where it stands, what it accepted, how many candidates it decided on.</summary>
internal sealed class Walk(TokenTree tree)
{
    private readonly List<int> path = [];

    /// <summary>The last accepted node; 0 at the start.</summary>
    public int Node { get; private set; }

    /// <summary>Candidates decided on so far.</summary>
    public int Evaluated { get; private set; }

    /// <summary>Notes a rejected candidate.</summary>
    public void Reject() => Evaluated++;

    /// <summary>Accepts a child of <see cref="Node"/>.</summary>
    public void Accept(int child)
    {
        Evaluated++;
        path.Add(child);
        Node = child;
    }

    /// <summary>Compares the children with a token in order; accepts the first that equals it.</summary>
    /// <returns>False where none does.</returns>
    public bool DescendTo(int token)
    {
        for (var child = tree.FirstChild(Node); child >= 0; child = tree.NextSibling(child))
        {
            if (tree.Token(child) == token)
            {
                Accept(child);
                return true;
            }

            Reject();
        }

        return false;
    }

    /// <summary>The verdict, with the token emitted last.</summary>
    public Verdict End(int token) => new(path, token, Evaluated);
}
