<?php echo 'Moodle';
