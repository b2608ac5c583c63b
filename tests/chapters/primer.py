assert abs(y @ (A @ x) - (A.T @ y) @ x) < 1e-12  # (P.2)
at, change = np.array([2.0, 1.0]), np.array([1e-4, -2e-4])
assert np.abs(f(at + change) - f(at) - jacobian(at) @ change).max() < 1e-7  # (P.3)
gradient = jacobian(at).T @ np.array([1.0, 1.0])  # of f_1 + f_2, by (P.4)
assert abs((f(at + change) - f(at)).sum() - gradient @ change) < 1e-7
for length in (0.95, 1.0, 1.02):
    points, values = orbit(length, 0.3)
    assert np.allclose(np.abs(values), length)
    assert np.allclose(np.linalg.norm(points, axis=1), length ** np.arange(len(points)))
trace, determinant = np.trace(A), np.linalg.det(A)
roots = trace / 2 + np.array([1, -1]) * np.sqrt(complex(trace**2 / 4 - determinant))  # (P.5)
assert np.allclose(sorted(roots, key=np.imag), sorted(np.linalg.eigvals(A), key=np.imag))
