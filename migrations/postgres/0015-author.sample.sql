UPDATE review SET author_login = 'octocat';
